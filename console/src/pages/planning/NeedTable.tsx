import { Table } from "@mantine/core";
import type { Need } from "@/api/planning";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { formatEuros } from "./money";
import { totalOf, yearOf } from "./needs";
import classes from "./PlanningPage.module.css";

interface NeedTableProps {
  needs: Need[];
  severalCommunes: boolean;
  /** Null for who may only read. */
  onOpen: ((need: Need) => void) | null;
}

/** The needs with their total, in the order given; the heading repeats on every printed page. */
export function NeedTable({ needs, severalCommunes, onOpen }: NeedTableProps) {
  const { t, locale } = useI18n();
  const kept = needs.filter(({ status }) => status !== "ecarte");
  const setAside = kept.length > 0 && kept.length < needs.length;
  return (
    <Table verticalSpacing={4} horizontalSpacing="sm" fz="sm" stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("planning.reference")}</Table.Th>
          {severalCommunes ? <Table.Th scope="col">{t("planning.commune")}</Table.Th> : null}
          <Table.Th scope="col">{t("planning.place")}</Table.Th>
          <Table.Th scope="col">{t("planning.kind")}</Table.Th>
          <Table.Th scope="col">{t("planning.motive")}</Table.Th>
          <Table.Th scope="col">{t("planning.surveyed_on")}</Table.Th>
          <Table.Th scope="col">{t("planning.priority")}</Table.Th>
          <Table.Th scope="col">{t("planning.works")}</Table.Th>
          <Table.Th scope="col">{t("planning.status")}</Table.Th>
          <Table.Th scope="col">{t("planning.year")}</Table.Th>
          <Table.Th scope="col" className={classes.number ?? ""}>
            {t("planning.cost")}
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {needs.map((need) => (
          <Row key={need.need_id} need={need} severalCommunes={severalCommunes} onOpen={onOpen} />
        ))}
        <Table.Tr data-testid="needs-total">
          <Table.Td colSpan={severalCommunes ? 10 : 9}>
            <strong>{t(setAside ? "planning.total_kept" : "planning.total")}</strong>
          </Table.Td>
          <Table.Td className={classes.number ?? ""}>
            <strong>{formatEuros(totalOf(setAside ? kept : needs), locale)}</strong>
          </Table.Td>
        </Table.Tr>
      </Table.Tbody>
    </Table>
  );
}

interface RowProps {
  need: Need;
  severalCommunes: boolean;
  onOpen: ((need: Need) => void) | null;
}

function Row({ need, severalCommunes, onOpen }: RowProps) {
  const { word, locale } = useI18n();
  return (
    <Table.Tr data-testid={`need-${need.reference}`}>
      <Table.Td className={classes.nowrap ?? ""}>
        {onOpen ? (
          <button type="button" className={classes.open} onClick={() => onOpen(need)}>
            {need.reference}
          </button>
        ) : (
          need.reference
        )}
      </Table.Td>
      {severalCommunes ? <Table.Td>{need.commune}</Table.Td> : null}
      <Table.Td>{need.place}</Table.Td>
      <Table.Td className={classes.nowrap ?? ""}>{word("camera.kind", need.camera_kind)}</Table.Td>
      <Table.Td className={classes.why ?? ""}>
        {need.motive}
        {need.requested_by ? <div className={classes.minor}>{need.requested_by}</div> : null}
      </Table.Td>
      <Table.Td className={classes.nowrap ?? ""}>{formatDate(need.surveyed_on, locale)}</Table.Td>
      <Table.Td>{need.priority}</Table.Td>
      <Table.Td>{need.works.map(({ kind }) => word("works", kind)).join(", ")}</Table.Td>
      <Table.Td className={classes.nowrap ?? ""}>{word("need", need.status)}</Table.Td>
      <Table.Td className={classes.nowrap ?? ""}>
        <YearText need={need} />
      </Table.Td>
      <Table.Td className={classes.number ?? ""}>{formatEuros(need.total_cents, locale)}</Table.Td>
    </Table.Tr>
  );
}

function YearText({ need }: { need: Need }) {
  const { t } = useI18n();
  const year = yearOf(need);
  if (year === null) return "–";
  if (need.proposed_year !== null) return t("planning.proposed_year", { year });
  return need.year_fixed ? t("planning.fixed_year", { year }) : year;
}
