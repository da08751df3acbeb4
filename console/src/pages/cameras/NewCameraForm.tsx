import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createCamera } from "@/api/fleet";
import { useCommunes } from "@/cameras/useCameras";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { numberOf } from "./fields";
import { KINDS, STATUSES } from "./fleetFilter";
import { useCameraChanged } from "./queries";

interface NewCameraFormProps {
  onClose: () => void;
  onCreated: (cameraId: string) => void;
}

/** The few things without which a camera is none; the rest is told in its sheet. */
export function NewCameraForm({ onClose, onCreated }: NewCameraFormProps) {
  const { t, word } = useI18n();
  const { data: communes = [] } = useCommunes();
  const told = useCameraChanged();
  const [code, setCode] = useState("");
  const [label, setLabel] = useState("");
  const [insee, setInsee] = useState<string | null>(null);
  const [kind, setKind] = useState<string>("fixe");
  const [status, setStatus] = useState<string>("projet");
  const [lon, setLon] = useState("");
  const [lat, setLat] = useState("");
  const place = { lon: numberOf(lon), lat: numberOf(lat) };
  const complete =
    code.trim() !== "" &&
    label.trim() !== "" &&
    insee !== null &&
    Number.isFinite(place.lon ?? Number.NaN) &&
    Number.isFinite(place.lat ?? Number.NaN);
  const creation = useMutation({
    mutationFn: () =>
      createCamera({
        code: code.trim(),
        label: label.trim(),
        insee: insee ?? "",
        kind,
        status,
        lon: place.lon ?? 0,
        lat: place.lat ?? 0,
      }),
    onSuccess: async (sheet) => {
      await told(sheet.camera_id, sheet);
      onCreated(sheet.camera_id);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creation.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={t("fleet.new")} size="lg">
      <form onSubmit={submit} className={classes.body}>
        <div className={classes.fields}>
          <TextInput
            label={t("fleet.code")}
            required
            maxLength={64}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            data-testid="new-code"
          />
          <TextInput
            label={t("fleet.label")}
            required
            maxLength={200}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
            data-testid="new-label"
          />
          <Select
            label={t("fleet.commune")}
            required
            searchable
            data={communes.map((commune) => ({ value: commune.insee, label: commune.name }))}
            value={insee}
            onChange={setInsee}
          />
          <Select
            label={t("fleet.kind")}
            allowDeselect={false}
            data={KINDS.map((value) => ({ value, label: word("camera.kind", value) }))}
            value={kind}
            onChange={(value) => setKind(value ?? "fixe")}
          />
          <Select
            label={t("fleet.status")}
            allowDeselect={false}
            data={STATUSES.filter((value) => value !== "deposee").map((value) => ({
              value,
              label: word("fleet.status", value),
            }))}
            value={status}
            onChange={(value) => setStatus(value ?? "projet")}
          />
          <TextInput
            label={t("fleet.lon")}
            required
            inputMode="decimal"
            value={lon}
            onChange={(event) => setLon(event.currentTarget.value)}
          />
          <TextInput
            label={t("fleet.lat")}
            required
            inputMode="decimal"
            value={lat}
            onChange={(event) => setLat(event.currentTarget.value)}
          />
        </div>
        {creation.error ? <ProblemAlert error={creation.error} /> : null}
        <Button type="submit" disabled={!complete} loading={creation.isPending} data-testid="new-create">
          {t("fleet.create")}
        </Button>
      </form>
    </Modal>
  );
}
