import { ActionIcon, Button, Select, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Mounting, type Preset, putTour } from "@/api/fleet";
import { newIdempotencyKey } from "@/api/idempotencyKey";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { SubmitButton } from "./SubmitButton";

interface TourFormProps {
  cameraId: string;
  presets: Preset[];
  onKept: (mounting: Mounting) => void;
}

interface Step {
  key: string;
  preset: number;
  dwell_s: number;
}

const USUAL_DWELL_S = 10;

/** A new round: presets in their order, and how long to rest on each. */
export function TourForm({ cameraId, presets, onKept }: TourFormProps) {
  const { t } = useI18n();
  const first = presets[0]?.number ?? 1;
  const step = (): Step => ({ key: newIdempotencyKey(), preset: first, dwell_s: USUAL_DWELL_S });
  const [tourId, setTourId] = useState(newIdempotencyKey);
  const [name, setName] = useState("");
  const [steps, setSteps] = useState<Step[]>(() => [step()]);
  const keeping = useMutation({
    mutationFn: () =>
      putTour(cameraId, {
        tour_id: tourId,
        name,
        steps: steps.map(({ preset, dwell_s }) => ({ preset, dwell_s })),
      }),
    onSuccess: (mounting) => {
      setTourId(newIdempotencyKey());
      setName("");
      setSteps([step()]);
      onKept(mounting);
    },
  });
  const put = (key: string, change: Partial<Step>) =>
    setSteps(steps.map((one) => (one.key === key ? { ...one, ...change } : one)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keeping.mutate();
  };
  return (
    <form onSubmit={submit} className={classes.card}>
      <TextInput
        label={t("fleet.tour_new")}
        placeholder={t("fleet.name")}
        maxLength={80}
        required
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {steps.map(({ key, preset, dwell_s }) => (
        <div key={key} className={classes.line}>
          <Select
            label={t("fleet.preset")}
            allowDeselect={false}
            data={presets.map((one) => ({ value: String(one.number), label: `${one.number} ${one.name}` }))}
            value={String(preset)}
            onChange={(value) => put(key, { preset: Number(value ?? first) })}
          />
          <TextInput
            label={t("fleet.dwell_s")}
            type="number"
            min={5}
            max={30}
            w="9rem"
            value={dwell_s}
            onChange={(event) => put(key, { dwell_s: Number(event.currentTarget.value) })}
          />
          {steps.length > 1 ? (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("fleet.remove")}
              onClick={() => setSteps(steps.filter((one) => one.key !== key))}
            >
              <IconTrash aria-hidden size={16} />
            </ActionIcon>
          ) : null}
        </div>
      ))}
      <div className={classes.line}>
        <Button variant="subtle" onClick={() => setSteps([...steps, step()])}>
          {t("fleet.add_step")}
        </Button>
        <SubmitButton pending={keeping.isPending}>{t("fleet.save")}</SubmitButton>
      </div>
      {keeping.error ? <ProblemAlert error={keeping.error} /> : null}
    </form>
  );
}
