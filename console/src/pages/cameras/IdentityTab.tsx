import { Select, Switch, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { CameraChange, CameraSheet } from "@/api/fleet";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { changed, orNull } from "./fields";
import { KINDS } from "./fleetFilter";
import { useSave } from "./queries";
import { SaveBar } from "./SaveBar";

const EQUIPMENT = ["manufacturer", "model", "firmware", "serial"] as const;

/** Who a camera is: names, kind, status, maker. */
export function IdentityTab({ sheet, configures }: { sheet: CameraSheet; configures: boolean }) {
  const { t, word } = useI18n();
  const save = useSave(sheet);
  const [own, setOwn] = useState({
    label: sheet.label,
    code: sheet.code,
    kind: sheet.kind,
    status: sheet.status,
    has_ptz: sheet.has_ptz,
    installed_on: sheet.installed_on,
    notes: sheet.notes,
  });
  const [made, setMade] = useState({
    manufacturer: sheet.manufacturer,
    model: sheet.model,
    firmware: sheet.firmware,
    serial: sheet.serial,
  });
  const change = changeOf(sheet, own, made);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (change) save.mutate(change);
  };
  const statuses = [sheet.status, ...sheet.next_statuses];
  return (
    <form onSubmit={submit} className={classes.body}>
      <fieldset disabled={!configures} className={classes.fields}>
        <TextInput
          label={t("fleet.label")}
          maxLength={200}
          value={own.label}
          onChange={(event) => setOwn({ ...own, label: event.currentTarget.value })}
          data-testid="fleet-label"
        />
        <TextInput
          label={t("fleet.code")}
          maxLength={64}
          value={own.code}
          onChange={(event) => setOwn({ ...own, code: event.currentTarget.value })}
        />
        <Select
          label={t("fleet.status")}
          allowDeselect={false}
          data={statuses.map((value) => ({ value, label: word("fleet.status", value) }))}
          value={own.status}
          onChange={(status) => setOwn({ ...own, status: status ?? own.status })}
          data-testid="fleet-status"
        />
        <Select
          label={t("fleet.kind")}
          allowDeselect={false}
          data={KINDS.map((value) => ({ value, label: word("camera.kind", value) }))}
          value={own.kind}
          onChange={(kind) => setOwn({ ...own, kind: kind ?? own.kind })}
        />
        {EQUIPMENT.map((name) => (
          <TextInput
            key={name}
            label={t(`fleet.${name}`)}
            maxLength={200}
            value={made[name] ?? ""}
            onChange={(event) => setMade({ ...made, [name]: event.currentTarget.value })}
          />
        ))}
        <TextInput
          type="date"
          label={t("fleet.installed_on")}
          value={own.installed_on ?? ""}
          onChange={(event) => setOwn({ ...own, installed_on: orNull(event.currentTarget.value) })}
        />
        <Switch
          label={t("fleet.has_ptz")}
          checked={own.has_ptz}
          onChange={(event) => setOwn({ ...own, has_ptz: event.currentTarget.checked })}
        />
        <Textarea
          className={classes.wide ?? ""}
          label={t("fleet.notes")}
          autosize
          minRows={2}
          maxLength={4000}
          value={own.notes}
          onChange={(event) => setOwn({ ...own, notes: event.currentTarget.value })}
        />
      </fieldset>
      {configures ? <SaveBar cameraId={sheet.camera_id} save={save} change={change} /> : null}
    </form>
  );
}

type Own = Pick<CameraSheet, "label" | "code" | "kind" | "status" | "has_ptz" | "installed_on" | "notes">;
type Made = Pick<CameraSheet, (typeof EQUIPMENT)[number]>;

function changeOf(sheet: CameraSheet, own: Own, made: Made): CameraChange | undefined {
  const named = Object.fromEntries(EQUIPMENT.map((name) => [name, orNull(made[name] ?? "")])) as Made;
  const equipment = changed<Made>(sheet, named);
  const plain = changed<Own>(sheet, own);
  if (!plain && !equipment) return undefined;
  return { ...plain, ...(equipment ? { equipment } : {}) };
}
