import { Button, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type MaskSet, reviewMasks, stillUrl } from "@/api/masks";
import { can, useMe } from "@/app/session";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDate, formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useRefreshMasks } from "./queries";

/** Every set of a camera, the newest first: who drew, who signed, until when, why it ended. */
export function MaskHistory({ sets }: { sets: MaskSet[] }) {
  const { t } = useI18n();
  const columns = ["what", "drawn", "signed", "state"] as const;
  return (
    <Panel title={t("masks.history")}>
      <Table verticalSpacing={6} fz="sm">
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column} scope="col">
                {t(`masks.col.${column}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sets.map((one) => (
            <Row key={one.mask_set_id} masks={one} />
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function Row({ masks }: { masks: MaskSet }) {
  const { t, word, locale } = useI18n();
  const seesStills = useMe().role !== "technicien"; // without a ticket a technicien sees no image
  const what =
    masks.polygons.length > 0
      ? masks.polygons.map((area, index) => area.label || t("masks.area_label", { n: index + 1 })).join(", ")
      : masks.declaration;
  return (
    <Table.Tr data-testid="masks-set" data-status={masks.status}>
      <Table.Td>
        {what}
        {masks.still_id && masks.status === "signe" && seesStills ? (
          <div>
            <a href={stillUrl(masks.still_id, null)} target="_blank" rel="noreferrer">
              {t("masks.see_still")}
            </a>
          </div>
        ) : null}
      </Table.Td>
      <Table.Td>
        {masks.drawn_by}
        <Text size="xs" c="dimmed">
          {formatDateTime(masks.drawn_at, locale)}
        </Text>
      </Table.Td>
      <Table.Td>
        {masks.signed_by ?? "—"}
        <Text size="xs" c="dimmed">
          {masks.signed_at ? formatDateTime(masks.signed_at, locale) : ""}
        </Text>
      </Table.Td>
      <Table.Td>
        {word("masks.status", masks.status)}
        <Text size="xs" c="dimmed">
          {masks.status === "signe" && masks.review_due
            ? t("masks.due", { date: formatDate(masks.review_due, locale) })
            : masks.end_reason}
        </Text>
        {masks.status === "signe" && !masks.in_force ? (
          <Text size="xs" c="orange">
            {masks.bearing_problem || t("masks.waiting_bearer")}
          </Text>
        ) : null}
        {masks.status === "signe" ? <ReviewButton masks={masks} /> : null}
      </Table.Td>
    </Table.Tr>
  );
}

function ReviewButton({ masks }: { masks: MaskSet }) {
  const { t } = useI18n();
  const refresh = useRefreshMasks();
  const works = can(useMe(), "mask");
  const review = useMutation({ mutationFn: () => reviewMasks(masks.mask_set_id), onSuccess: refresh });
  if (!works) return null;
  return (
    <>
      <Button size="compact-xs" variant="default" loading={review.isPending} onClick={() => review.mutate()}>
        {t("masks.review")}
      </Button>
      {review.error ? <ProblemAlert error={review.error} compact /> : null}
    </>
  );
}
