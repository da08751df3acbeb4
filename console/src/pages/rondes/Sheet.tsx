import { NativeSelect, Table } from "@mantine/core";
import type { Finding, RondeRun, StepRecord } from "@/api/rondes";
import { cameraName } from "@/cameras/naming";
import { useCameras } from "@/cameras/useCameras";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./RondesPage.module.css";
import { FINDINGS } from "./runs";

interface SheetProps {
  run: RondeRun;
  /** Absent once the run ended: a result sheet never changes. */
  onMark?: (step: number, finding: Finding) => void;
}

/** The result sheet: each step, when, what a person found, and what the house itself checked. */
export function Sheet({ run, onMark }: SheetProps) {
  const { t, locale } = useI18n();
  const { byId } = useCameras();
  return (
    <Table verticalSpacing={4} horizontalSpacing="sm" fz="sm" data-testid="ronde-sheet">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("rondes.column.step")}</Table.Th>
          <Table.Th>{t("rondes.column.camera")}</Table.Th>
          <Table.Th>{t("rondes.column.time")}</Table.Th>
          <Table.Th>{t("rondes.column.finding")}</Table.Th>
          <Table.Th>{t("rondes.column.house")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {run.steps.map((record) => (
          <Table.Tr
            key={record.step}
            data-current={record.step === run.current}
            className={classes.row ?? ""}
          >
            <Table.Td>{record.step + 1}</Table.Td>
            <Table.Td>
              {cameraName(byId.get(record.camera_id), record.camera_id)}
              {record.preset ? <small> · {record.preset}</small> : null}
            </Table.Td>
            <Table.Td>{record.entered_at ? formatTime(record.entered_at, locale) : "–"}</Table.Td>
            <Table.Td>
              <FindingCell record={record} onMark={onMark} />
            </Table.Td>
            <Table.Td className={classes.minor ?? ""}>
              <HouseWords record={record} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function FindingCell({ record, onMark }: { record: StepRecord; onMark: SheetProps["onMark"] }) {
  const { t } = useI18n();
  const by = record.found_by_name ? t("rondes.by", { name: record.found_by_name }) : "";
  const said = [by, record.note, record.incident_id ?? ""].filter(Boolean).join(" · ");
  return (
    <>
      {onMark && record.entered_at ? (
        <NativeSelect
          size="xs"
          aria-label={`${t("rondes.column.finding")} ${record.step + 1}`}
          value={record.finding}
          onChange={(event) => {
            const finding = FINDINGS.find((each) => each === event.currentTarget.value);
            if (finding) onMark(record.step, finding);
          }}
          data={[
            ...(record.finding === "non_constate"
              ? [{ value: "non_constate", label: t("rondes.finding.non_constate") }]
              : []),
            ...FINDINGS.map((value) => ({ value, label: t(`rondes.finding.${value}`) })),
          ]}
        />
      ) : (
        t(`rondes.finding.${record.finding}`)
      )}
      {said ? <small className={classes.minor}> {said}</small> : null}
    </>
  );
}

function HouseWords({ record }: { record: StepRecord }) {
  const { t, word } = useI18n();
  const seen = record.left_at
    ? record.seen_by.length > 0
      ? t("rondes.seen_by", { names: record.seen_by.join(", ") })
      : t("rondes.seen_by_nobody")
    : "";
  const picture = record.picture ? t(`rondes.picture.${record.picture}`) : "";
  const preset = record.preset_outcome ? word("rondes.preset", record.preset_outcome) : "";
  return [
    record.skipped ? t("rondes.skipped") : "",
    record.picture_reason ? `${picture} (${record.picture_reason})` : picture,
    record.preset_reason ? `${preset} (${record.preset_reason})` : preset,
    seen,
  ]
    .filter(Boolean)
    .join(" · ");
}
