import { Button, NativeSelect, Skeleton, Table } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type AvailabilityRow, availabilityFile, fetchAvailability } from "@/api/health";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatElapsed } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./HealthPage.module.css";
import { formatRate, lastMonths } from "./months";

const MONTHS = 13;

/** How much of a month each commune's cameras could be relied on, with the file for the report to the council. */
export function AvailabilityPanel() {
  const { t } = useI18n();
  const months = useMemo(() => lastMonths(new Date(), MONTHS), []);
  const [month, setMonth] = useState(months[0] ?? "");
  const { data, error, refetch } = useQuery({
    queryKey: ["availability", month],
    queryFn: () => fetchAvailability(month),
  });
  const controls = (
    <>
      <NativeSelect
        aria-label={t("health.month")}
        size="xs"
        data={months}
        value={month}
        onChange={(event) => setMonth(event.currentTarget.value)}
      />
      {[false, true].map((cameras) => (
        <Button
          key={String(cameras)}
          component="a"
          href={availabilityFile(month, cameras)}
          download
          size="xs"
          variant="default"
          leftSection={<IconDownload aria-hidden size={14} />}
        >
          {t(cameras ? "health.export_cameras" : "health.export_communes")}
        </Button>
      ))}
    </>
  );
  return (
    <Panel title={t("health.availability")} aside={controls} className={classes.panel}>
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {data ? null : <Skeleton h={120} m="sm" />}
      {data && data.items.length === 0 ? <Empty title={t("health.no_month")} /> : null}
      {data && data.items.length > 0 ? <Rows rows={data.items} total={data.total} /> : null}
    </Panel>
  );
}

function Rows({ rows, total }: { rows: AvailabilityRow[]; total: AvailabilityRow }) {
  const { t } = useI18n();
  return (
    <Table verticalSpacing={4} horizontalSpacing="md" fz="sm" data-testid="availability">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("health.commune")}</Table.Th>
          {(["cameras", "rate", "down", "works"] as const).map((column) => (
            <Table.Th key={column} scope="col" className={classes.number}>
              {t(`health.${column}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Row key={row.insee ?? row.label} row={row} name={row.label} />
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Row row={total} name={t("health.total")} strong />
      </Table.Tfoot>
    </Table>
  );
}

function Row({ row, name, strong = false }: { row: AvailabilityRow; name: string; strong?: boolean }) {
  const { locale } = useI18n();
  const lasting = (seconds: number) => (seconds === 0 ? "–" : formatElapsed(seconds * 1000, locale));
  return (
    <Table.Tr fw={strong ? 700 : undefined}>
      <Table.Td>{name}</Table.Td>
      <Table.Td className={classes.number}>{row.cameras}</Table.Td>
      <Table.Td className={classes.number}>{formatRate(row.rate, locale)}</Table.Td>
      <Table.Td className={classes.number}>{lasting(row.unavailable_s)}</Table.Td>
      <Table.Td className={classes.number}>{lasting(row.planned_s)}</Table.Td>
    </Table.Tr>
  );
}
