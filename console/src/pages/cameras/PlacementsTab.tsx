import { Skeleton, Table, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type CameraSheet, fetchPlacements, moveNomad } from "@/api/fleet";
import { newIdempotencyKey } from "@/api/idempotencyKey";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDate, formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { numberOf } from "./fields";
import { placementsKey, useCameraChanged } from "./queries";
import { SubmitButton } from "./SubmitButton";

/** Where a nomad stood, the present place first, and its next move. */
export function PlacementsTab({ sheet, configures }: { sheet: CameraSheet; configures: boolean }) {
  const { t, locale } = useI18n();
  const { camera_id } = sheet;
  const { data, error, refetch } = useQuery({
    queryKey: placementsKey(camera_id),
    queryFn: () => fetchPlacements(camera_id),
  });
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={120} m="sm" animate={false} />;
  return (
    <div className={classes.body}>
      <Table fz="sm" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            {(["place_label", "since", "until", "prefet_informed_on", "moved_by"] as const).map((name) => (
              <Table.Th key={name} scope="col">
                {t(`fleet.${name}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.toReversed().map((stay) => (
            <Table.Tr key={stay.placement_id} data-testid="fleet-placement">
              <Table.Td>
                {stay.label}
                <div className={classes.minor}>
                  {stay.lat.toFixed(5)} ; {stay.lon.toFixed(5)}
                </div>
              </Table.Td>
              <Table.Td>{formatDateTime(stay.from, locale)}</Table.Td>
              <Table.Td>{stay.until ? formatDateTime(stay.until, locale) : t("fleet.now_there")}</Table.Td>
              <Table.Td>
                {stay.prefet_informed_on ? formatDate(stay.prefet_informed_on, locale) : "—"}
              </Table.Td>
              <Table.Td>{stay.moved_by || "—"}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {configures ? <MoveForm cameraId={camera_id} /> : null}
    </div>
  );
}

function MoveForm({ cameraId }: { cameraId: string }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const told = useCameraChanged();
  const [placementId, setPlacementId] = useState(newIdempotencyKey);
  const [lon, setLon] = useState("");
  const [lat, setLat] = useState("");
  const [label, setLabel] = useState("");
  const [informed, setInformed] = useState("");
  const [x, y] = [numberOf(lon), numberOf(lat)];
  const complete =
    label.trim() !== "" &&
    informed !== "" &&
    Number.isFinite(x ?? Number.NaN) &&
    Number.isFinite(y ?? Number.NaN);
  const move = useMutation({
    mutationFn: () =>
      moveNomad(cameraId, {
        placement_id: placementId,
        lon: x ?? 0,
        lat: y ?? 0,
        label: label.trim(),
        prefet_informed_on: informed,
      }),
    onSuccess: async (stays) => {
      queries.setQueryData(placementsKey(cameraId), stays);
      setPlacementId(newIdempotencyKey());
      setLon("");
      setLat("");
      setLabel("");
      await told(cameraId);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    move.mutate();
  };
  return (
    <form onSubmit={submit} className={classes.card}>
      <Title order={3} size="h5">
        {t("fleet.move_title")}
      </Title>
      <Text size="sm" c="dimmed">
        {t("fleet.move_hint")}
      </Text>
      <div className={classes.fields}>
        <TextInput
          label={t("fleet.place_label")}
          maxLength={200}
          required
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
        />
        <TextInput
          label={t("fleet.lon")}
          inputMode="decimal"
          required
          value={lon}
          onChange={(event) => setLon(event.currentTarget.value)}
        />
        <TextInput
          label={t("fleet.lat")}
          inputMode="decimal"
          required
          value={lat}
          onChange={(event) => setLat(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label={t("fleet.prefet_informed_on")}
          required
          value={informed}
          onChange={(event) => setInformed(event.currentTarget.value)}
        />
      </div>
      {move.error ? <ProblemAlert error={move.error} /> : null}
      <div className={classes.line}>
        <SubmitButton pending={move.isPending} disabled={!complete}>
          {t("fleet.move")}
        </SubmitButton>
      </div>
    </form>
  );
}
