import { ActionIcon, Skeleton, Text, TextInput, Title } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { deletePreset, deleteTour, fetchMounting, type Mounting, putPreset } from "@/api/fleet";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { numberOf, orNull } from "./fields";
import { mountingKey } from "./queries";
import { SubmitButton } from "./SubmitButton";
import { TourForm } from "./TourForm";

/** What a camera can turn to: numbered views, and the rounds that visit them. */
export function PresetsTab({ cameraId, configures }: { cameraId: string; configures: boolean }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: mountingKey(cameraId),
    queryFn: () => fetchMounting(cameraId),
  });
  const removal = useMutation({
    mutationFn: (remove: () => Promise<void>) => remove(),
    onSettled: () => queries.invalidateQueries({ queryKey: mountingKey(cameraId) }),
  });
  const kept = (mounting: Mounting) => queries.setQueryData(mountingKey(cameraId), mounting);
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={120} m="sm" animate={false} />;
  return (
    <div className={classes.body}>
      {removal.error ? <ProblemAlert error={removal.error} /> : null}
      {data.presets.length === 0 ? <Text c="dimmed">{t("fleet.no_preset")}</Text> : null}
      <ul className={classes.plain}>
        {data.presets.map(({ number, name, token }) => (
          <li key={number} className={classes.line}>
            <strong>{number}</strong> {name}
            <span className={classes.minor}>{token}</span>
            {configures ? (
              <Remove name={name} onRemove={() => removal.mutate(() => deletePreset(cameraId, number))} />
            ) : null}
          </li>
        ))}
      </ul>
      {configures ? <PresetForm cameraId={cameraId} onKept={kept} /> : null}
      <Title order={3} size="h5">
        {t("fleet.tours")}
      </Title>
      {data.tours.length === 0 ? <Text c="dimmed">{t("fleet.no_tour")}</Text> : null}
      <ul className={classes.plain}>
        {data.tours.map(({ tour_id, name, steps }) => (
          <li key={tour_id} className={classes.line}>
            <strong>{name}</strong>
            <span className={classes.minor}>
              {steps.map(({ preset, dwell_s }) => `${preset} (${dwell_s} s)`).join(" → ")}
            </span>
            {configures ? (
              <Remove name={name} onRemove={() => removal.mutate(() => deleteTour(cameraId, tour_id))} />
            ) : null}
          </li>
        ))}
      </ul>
      {configures && data.presets.length > 0 ? (
        <TourForm cameraId={cameraId} presets={data.presets} onKept={kept} />
      ) : null}
    </div>
  );
}

function Remove({ name, onRemove }: { name: string; onRemove: () => void }) {
  const { t } = useI18n();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={t("fleet.remove_named", { name })}
      onClick={onRemove}
    >
      <IconTrash aria-hidden size={16} />
    </ActionIcon>
  );
}

function PresetForm({ cameraId, onKept }: { cameraId: string; onKept: (mounting: Mounting) => void }) {
  const { t } = useI18n();
  const [number, setNumber] = useState("");
  const [name, setName] = useState("");
  const [token, setToken] = useState("");
  const keeping = useMutation({
    mutationFn: () => putPreset(cameraId, numberOf(number) ?? 0, { name, token: orNull(token) }),
    onSuccess: (mounting) => {
      setNumber("");
      setName("");
      setToken("");
      onKept(mounting);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keeping.mutate();
  };
  return (
    <form onSubmit={submit}>
      <div className={classes.line}>
        <TextInput
          label={t("fleet.number")}
          type="number"
          min={1}
          max={256}
          w="6rem"
          required
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value)}
        />
        <TextInput
          label={t("fleet.name")}
          maxLength={80}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label={t("fleet.token")}
          maxLength={200}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <SubmitButton pending={keeping.isPending}>{t("fleet.add_preset")}</SubmitButton>
      </div>
      {keeping.error ? <ProblemAlert error={keeping.error} /> : null}
    </form>
  );
}
