import { Button, MultiSelect, NativeSelect, NumberInput, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { openReplay } from "@/api/replay";
import { can, useMe } from "@/app/session";
import { useCameras } from "@/cameras/useCameras";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useOneAtATime } from "@/design/useOneAtATime";
import { parisToUtc, utcToParis } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useIncidents } from "@/pages/incidents/queries";
import { type Opening, openingOf } from "./outcome";
import classes from "./ReplayPage.module.css";

const MOST_CAMERAS = 4;
const SHORTEST_MOTIVE = 10;
const MINUTE_MS = 60_000;
const MOTIVES = [
  "levee_de_doute",
  "incident",
  "requisition",
  "droit_d_acces",
  "verification_technique",
] as const;

interface ReplayFormProps {
  onOpened: (opening: Opening) => void;
}

/** Asks for up to four cameras of one window; each is a decision and a register row of its own. */
export function ReplayForm({ onOpened }: ReplayFormProps) {
  const { t } = useI18n();
  const me = useMe();
  const [search] = useSearchParams();
  const { cameras = [] } = useCameras();
  const [chosen, setChosen] = useState<string[]>(search.getAll("camera").slice(0, MOST_CAMERAS));
  const [from, setFrom] = useState(() =>
    utcToParis(search.get("from") ?? new Date(Date.now() - 10 * MINUTE_MS).toISOString()),
  );
  const [minutes, setMinutes] = useState(Number(search.get("minutes")) || 5);
  const [code, setCode] = useState<string>(search.get("incident") ? "incident" : "levee_de_doute");
  const [motive, setMotive] = useState("");
  const [incident, setIncident] = useState(search.get("incident") ?? "");
  const choices = useMemo(
    () => cameras.map(({ camera_id, label }) => ({ value: camera_id, label: `${label} · ${camera_id}` })),
    [cameras],
  );
  const starts = parisToUtc(from);
  const opening = useMutation({
    mutationFn: async () => {
      const begin = Date.parse(starts ?? "");
      const ask = {
        from: new Date(begin).toISOString(),
        to: new Date(Math.min(begin + minutes * MINUTE_MS, Math.max(Date.now(), begin + 1000))).toISOString(),
        motive_code: code,
        motive_text: motive,
        ...(incident ? { incident_id: incident } : {}),
      };
      const answers = await Promise.allSettled(chosen.map((id) => openReplay({ ...ask, camera_id: id })));
      return openingOf(chosen, answers);
    },
    onSuccess: onOpened,
  });
  const send = useOneAtATime(opening);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  return (
    <Panel title={t("replay.ask")}>
      <form className={classes.form} onSubmit={submit} data-testid="replay-form">
        <p className={classes.minor}>{t("replay.intro")}</p>
        <MultiSelect
          label={t("replay.cameras")}
          placeholder={chosen.length === 0 ? t("replay.cameras_placeholder") : ""}
          data={choices}
          value={chosen}
          onChange={setChosen}
          maxValues={MOST_CAMERAS}
          limit={60}
          searchable
          required
          data-testid="replay-cameras"
        />
        <TextInput
          label={t("replay.from")}
          type="datetime-local"
          step={1}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
          error={starts ? null : t("replay.bad_time")}
          required
          data-testid="replay-from"
        />
        <NumberInput
          label={t("replay.minutes")}
          min={1}
          max={60}
          value={minutes}
          onChange={(value) => setMinutes(Number(value) || 1)}
          data-testid="replay-minutes"
        />
        <NativeSelect
          label={t("replay.motive_code")}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          data={MOTIVES.map((value) => ({ value, label: t(`replay.motive.${value}`) }))}
        />
        {can(me, "view_incident") ? <IncidentChoice value={incident} onChange={setIncident} /> : null}
        <Textarea
          label={t("replay.motive_text")}
          placeholder={t("replay.motive_placeholder")}
          minLength={SHORTEST_MOTIVE}
          autosize
          minRows={2}
          value={motive}
          onChange={(event) => setMotive(event.currentTarget.value)}
          required
          data-testid="replay-motive"
        />
        <Button
          type="submit"
          loading={opening.isPending}
          disabled={!starts || chosen.length === 0 || motive.trim().length < SHORTEST_MOTIVE}
          data-testid="replay-open"
        >
          {t("replay.open")}
        </Button>
        {opening.error ? <ProblemAlert error={opening.error} /> : null}
      </form>
    </Panel>
  );
}

function IncidentChoice({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const { t } = useI18n();
  const { data: incidents = [] } = useIncidents(true);
  const known = incidents.some(({ incident_id }) => incident_id === value);
  return (
    <NativeSelect
      label={t("replay.incident")}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: "", label: t("replay.no_incident") },
        ...(value && !known ? [{ value, label: value }] : []),
        ...incidents.map(({ incident_id, number }) => ({ value: incident_id, label: number })),
      ]}
      data-testid="replay-incident"
    />
  );
}
