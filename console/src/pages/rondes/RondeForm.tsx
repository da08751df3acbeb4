import {
  Autocomplete,
  Button,
  Checkbox,
  Chip,
  Drawer,
  Group,
  NativeSelect,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { addRonde, changeRonde, type Ronde, type RondeTerms } from "@/api/rondes";
import { useCameras } from "@/cameras/useCameras";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useOneAtATime } from "@/design/useOneAtATime";
import { formatElapsed } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useScreens } from "@/pages/live/useScreens";
import { DWELL, draftOf, lasting, type RondeDraft, termsOf, timesOf } from "./draft";
import { StepLines } from "./StepLines";

const DAYS = [0, 1, 2, 3, 4, 5, 6] as const;

interface RondeFormProps {
  /** Null: a new one. */
  ronde: Ronde | null;
  onClose: () => void;
  onSaved: () => void;
}

/** Define a ronde: its steps in order, its schedule, and the tile of the wall it is shown on. */
export function RondeForm({ ronde, onClose, onSaved }: RondeFormProps) {
  const { t, locale } = useI18n();
  const [draft, setDraft] = useState<RondeDraft>(() => draftOf(ronde));
  const set = (change: Partial<RondeDraft>) => setDraft((known) => ({ ...known, ...change }));
  const terms = termsOf(draft);
  const saving = useMutation({
    mutationFn: (said: RondeTerms) => (ronde ? changeRonde(ronde.ronde_id, said) : addRonde(said)),
    onSuccess: onSaved,
  });
  const save = useOneAtATime(saving);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (terms) save(terms);
  };
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={ronde ? ronde.name : t("rondes.new")}
      closeButtonProps={{ "aria-label": t("rondes.cancel") }}
    >
      <form onSubmit={submit} data-testid="ronde-form">
        <Stack gap="sm">
          <TextInput
            label={t("rondes.name")}
            required
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            data-testid="ronde-name"
          />
          <TextInput
            label={t("rondes.purpose")}
            required
            value={draft.purpose}
            onChange={(event) => set({ purpose: event.currentTarget.value })}
            data-testid="ronde-purpose"
          />
          <StepLines steps={draft.steps} onChange={(steps) => set({ steps })} />
          <CameraAdder
            onAdd={(camera_id) =>
              set({ steps: [...draft.steps, { camera_id, preset: null, dwell_seconds: DWELL.usual }] })
            }
          />
          <Text size="sm" role="status">
            {t("rondes.steps_count", {
              count: draft.steps.length,
              time: formatElapsed(lasting(draft.steps) * 1000, locale),
            })}
          </Text>
          <Planning draft={draft} set={set} />
          <ScreenChoice draft={draft} set={set} />
          {saving.error ? <ProblemAlert error={saving.error} /> : null}
          <Group>
            <Button type="submit" disabled={!terms} loading={saving.isPending} data-testid="ronde-save">
              {t("rondes.save")}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t("rondes.cancel")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}

interface PartProps {
  draft: RondeDraft;
  set: (change: Partial<RondeDraft>) => void;
}

function Planning({ draft, set }: PartProps) {
  const { t } = useI18n();
  return (
    <>
      <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
        <Text component="legend" size="sm" fw={500}>
          {t("rondes.days")}
        </Text>
        <Chip.Group
          multiple
          value={draft.days.map(String)}
          onChange={(days) => set({ days: days.map(Number) })}
        >
          <Group gap={4}>
            {DAYS.map((day) => (
              <Chip key={day} size="xs" value={String(day)}>
                {t(`rondes.day.${day}`)}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      </fieldset>
      <TextInput
        label={t("rondes.times")}
        value={draft.times}
        error={timesOf(draft.times) === null ? t("rondes.times_wrong") : null}
        onChange={(event) => set({ times: event.currentTarget.value })}
      />
      <Checkbox
        label={t("rondes.active")}
        checked={draft.active}
        onChange={(event) => set({ active: event.currentTarget.checked })}
      />
    </>
  );
}

function ScreenChoice({ draft, set }: PartProps) {
  const { t } = useI18n();
  const { data: screens = [] } = useScreens();
  if (screens.length === 0) return null;
  return (
    <Group grow>
      <NativeSelect
        label={t("rondes.screen")}
        value={draft.screen_id}
        onChange={(event) => set({ screen_id: event.currentTarget.value })}
        data={[
          { value: "", label: t("rondes.no_screen") },
          ...screens.map(({ screen_id, label }) => ({ value: screen_id, label })),
        ]}
      />
      <NativeSelect
        label={t("rondes.place")}
        value={String(draft.place)}
        onChange={(event) => set({ place: Number(event.currentTarget.value) })}
        data={Array.from({ length: 16 }, (_, place) => ({ value: String(place), label: String(place + 1) }))}
      />
    </Group>
  );
}

function CameraAdder({ onAdd }: { onAdd: (cameraId: string) => void }) {
  const { t } = useI18n();
  const { cameras = [] } = useCameras();
  const [typed, setTyped] = useState("");
  const byWords = useMemo(
    () => new Map(cameras.map((camera) => [`${camera.code} · ${camera.label}`, camera.camera_id])),
    [cameras],
  );
  return (
    <Autocomplete
      label={t("rondes.add_camera")}
      data={[...byWords.keys()]}
      limit={40}
      value={typed}
      onChange={(text) => {
        const cameraId = byWords.get(text);
        if (cameraId) onAdd(cameraId);
        setTyped(cameraId ? "" : text);
      }}
      data-testid="ronde-camera"
    />
  );
}
