import { Anchor, Table } from "@mantine/core";
import type { RegisterRow } from "@/api/access";
import { StateDot, type Tone } from "@/design/StateDot";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { NOWHERE } from "./nowhere";
import classes from "./RegisterPage.module.css";

const TONE: Record<RegisterRow["result"], Tone> = { allowed: "good", done: "idle", refused: "bad" };

interface TableProps {
  rows: RegisterRow[];
  onShow: (row: RegisterRow) => void;
}

export function RegisterTable({ rows, onShow }: TableProps) {
  const { t } = useI18n();
  const columns = ["seq", "at", "who", "action", "camera", "why", "result", "rule"] as const;
  return (
    <Table stickyHeader highlightOnHover verticalSpacing={4} horizontalSpacing="sm" fz="sm">
      <Table.Caption className={classes.caption ?? ""}>{t("register.table")}</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          {columns.map((column) => (
            <Table.Th key={column} scope="col">
              {t(`register.col.${column}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Row key={row.seq} row={row} onShow={onShow} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Row({ row, onShow }: { row: RegisterRow; onShow: (row: RegisterRow) => void }) {
  const { t, word, locale } = useI18n();
  const why = [row.motive_text || row.motive_code, row.context].filter(Boolean).join(" · ");
  const place = [row.camera_label ? row.camera_id : null, row.insee === NOWHERE ? null : row.insee]
    .filter(Boolean)
    .join(" · ");
  return (
    <Table.Tr data-testid="register-row" data-result={row.result} data-camera={row.camera_id ?? ""}>
      <Table.Td className={classes.nowrap ?? ""}>
        <Anchor
          component="button"
          size="sm"
          title={t("register.row", { seq: row.seq })}
          onClick={() => onShow(row)}
        >
          {row.seq}
        </Anchor>
        <div className={classes.minor}>{row.hash.slice(0, 8)}</div>
      </Table.Td>
      <Table.Td className={classes.nowrap ?? ""}>{formatDateTime(row.at, locale)}</Table.Td>
      <Table.Td>
        {row.actor_name}
        <div className={classes.minor}>
          {[word("role", row.actor_role), row.organisation, row.habilitation_id].filter(Boolean).join(" · ")}
        </div>
      </Table.Td>
      <Table.Td>{word("action", row.action)}</Table.Td>
      <Table.Td>
        {row.camera_label ?? row.camera_id ?? "—"}
        {place ? <div className={`${classes.minor} ${classes.nowrap}`}>{place}</div> : null}
      </Table.Td>
      <Table.Td className={classes.why ?? ""}>{why}</Table.Td>
      <Table.Td>
        <span className={classes.result}>
          <StateDot tone={TONE[row.result]} />
          {word("register.result", row.result)}
        </span>
      </Table.Td>
      <Table.Td>
        {row.rule}
        <div className={classes.minor}>{row.citation}</div>
      </Table.Td>
    </Table.Tr>
  );
}
