import { ActionIcon, Button, Select, Skeleton, Table, TextInput } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconDownload } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { LedgerLine } from "@/api/recording";
import { useCameras } from "@/cameras/useCameras";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { saveFile } from "@/pages/register/files";
import { DayBar } from "./DayBar";
import { FreshBadge } from "./FreshBadge";
import {
  dayWindow,
  formatSeconds,
  ledgerCsv,
  type Sums,
  shifted,
  todayInParis,
  total,
  wholeSeconds,
} from "./ledger";
import { LEDGER_EVERY_MS, useLedger } from "./queries";
import classes from "./RecordingPage.module.css";

const SUMS = ["expected", "recorded", "gap", "open"] as const;
const CSV_COLUMNS = [
  "kind",
  "day",
  "camera_id",
  "camera",
  "insee",
  "expected",
  "recorded",
  "gap",
  "open",
  "from",
  "to",
  "cause",
] as const;

/** The account of every second of a day, camera by camera. */
export function LedgerPanel() {
  const { t } = useI18n();
  const { cameras = [] } = useCameras();
  const today = todayInParis(new Date());
  const [day, setDay] = useState(today);
  const [cameraId, setCameraId] = useState<string | null>(null);
  const query = useLedger(day, cameraId, day === today);
  const { data, error, refetch, dataUpdatedAt } = query;
  const lines = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const choose = (next: string) => {
    if (next && next <= today) setDay(next);
  };
  const save = () => {
    const words = {
      columns: CSV_COLUMNS.map((column) => t(`ledger.csv.${column}`)),
      total: t("ledger.csv.total"),
      gap: t("ledger.declared_gap"),
      edge: t("ledger.edge_answer"),
      stored: t("ledger.csv.stored"),
    };
    const csv = ledgerCsv(day, lines, words);
    saveFile(`registre-secondes-${day}.csv`, new Blob([csv], { type: "text/csv" }));
  };
  return (
    <Panel
      title={t("ledger.title")}
      aside={day === today ? <FreshBadge updatedAt={dataUpdatedAt} everyMs={LEDGER_EVERY_MS} /> : null}
      className={classes.panel}
    >
      <div className={classes.filters}>
        <span className={classes.day}>
          <ActionIcon aria-label={t("ledger.before")} onClick={() => choose(shifted(day, -1))}>
            <IconChevronLeft aria-hidden size={16} />
          </ActionIcon>
          <TextInput
            type="date"
            aria-label={t("ledger.day")}
            max={today}
            value={day}
            onChange={(event) => choose(event.currentTarget.value)}
            data-testid="ledger-day"
          />
          <ActionIcon
            aria-label={t("ledger.after")}
            disabled={day >= today}
            onClick={() => choose(shifted(day, 1))}
          >
            <IconChevronRight aria-hidden size={16} />
          </ActionIcon>
        </span>
        <Select
          aria-label={t("ledger.camera")}
          placeholder={t("ledger.all_cameras")}
          clearable
          searchable
          limit={50}
          data={cameras.map(({ camera_id, label }) => ({
            value: camera_id,
            label: `${label} (${camera_id})`,
          }))}
          value={cameraId}
          onChange={setCameraId}
          data-testid="ledger-camera"
        />
        <Button
          variant="default"
          leftSection={<IconDownload aria-hidden size={15} />}
          disabled={lines.length === 0}
          onClick={save}
          data-testid="ledger-csv"
        >
          {t("ledger.save")}
        </Button>
      </div>
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {data || error ? null : <Skeleton h={160} m="sm" />}
      {data && lines.length === 0 ? <Empty title={t("ledger.none")} /> : null}
      {lines.length > 0 ? <LedgerTable day={day} lines={lines} /> : null}
      {query.hasNextPage ? (
        <Button
          m="sm"
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t("ledger.more")}
        </Button>
      ) : null}
    </Panel>
  );
}

function LedgerTable({ day, lines }: { day: string; lines: readonly LedgerLine[] }) {
  const { t } = useI18n();
  const rows = useMemo(() => lines.map((line) => ({ line, sums: wholeSeconds(line) })), [lines]);
  const all = total(rows.map(({ sums }) => sums));
  const window = dayWindow(day);
  return (
    <Table verticalSpacing={4} horizontalSpacing="md" fz="sm" data-testid="ledger">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("ledger.camera")}</Table.Th>
          <Table.Th scope="col" className={classes.barColumn ?? ""}>
            {t("ledger.bar")}
          </Table.Th>
          {SUMS.map((sum) => (
            <Table.Th key={sum} scope="col" className={classes.figure ?? ""}>
              {t(`ledger.${sum}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ line, sums }) => (
          <Table.Tr key={line.camera_id} data-testid={`ledger-${line.camera_id}`}>
            <Table.Td>
              {line.label}
              <div className={classes.minor}>
                {line.camera_id} · {line.insee}
              </div>
            </Table.Td>
            <Table.Td>{window ? <DayBar line={line} window={window} /> : null}</Table.Td>
            <Figures sums={sums} />
          </Table.Tr>
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Table.Tr data-testid="ledger-total">
          <Table.Th scope="row" colSpan={2}>
            {t("ledger.total", { n: lines.length })}
          </Table.Th>
          <Figures sums={all} />
        </Table.Tr>
      </Table.Tfoot>
    </Table>
  );
}

function Figures({ sums }: { sums: Sums }) {
  return SUMS.map((sum) => (
    <Table.Td key={sum} className={classes.figure ?? ""} data-sum={sum}>
      {formatSeconds(sums[sum])}
    </Table.Td>
  ));
}
