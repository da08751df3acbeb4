import { Table } from "@mantine/core";
import type { Arrete } from "@/api/arretes";
import { useCommunes } from "@/cameras/useCameras";
import { StateDot } from "@/design/StateDot";
import { useNow } from "@/design/useNow";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./ArretesPage.module.css";
import { byUrgency, daysLeft, standingOf, TONES, WORDS } from "./expiry";

interface ArreteTableProps {
  arretes: Arrete[];
  chosenId: string | null;
  onChoose: (authorisationId: string) => void;
}

/** Every arrêté with its state in a word and a shape; what asks for work comes first. */
export function ArreteTable({ arretes, chosenId, onChoose }: ArreteTableProps) {
  const { t } = useI18n();
  const now = useNow();
  return (
    <Table verticalSpacing={6} horizontalSpacing="md" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("arretes.number")}</Table.Th>
          <Table.Th scope="col">{t("arretes.communes")}</Table.Th>
          <Table.Th scope="col">{t("arretes.standing")}</Table.Th>
          <Table.Th scope="col">{t("arretes.until")}</Table.Th>
          <Table.Th scope="col">{t("arretes.cameras")}</Table.Th>
          <Table.Th scope="col">{t("arretes.renewal")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {arretes.toSorted(byUrgency(now)).map((arrete) => (
          <Row
            key={arrete.authorisation_id}
            arrete={arrete}
            now={now}
            chosen={arrete.authorisation_id === chosenId}
            onChoose={() => onChoose(arrete.authorisation_id)}
          />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface RowProps {
  arrete: Arrete;
  now: number;
  chosen: boolean;
  onChoose: () => void;
}

function Row({ arrete, now, chosen, onChoose }: RowProps) {
  const { t, word, locale } = useI18n();
  const { data: communes = [] } = useCommunes();
  const names = arrete.communes.map((insee) => communes.find((one) => one.insee === insee)?.name ?? insee);
  const standing = standingOf(arrete, now);
  const full = arrete.cameras_covered >= arrete.camera_count;
  return (
    <Table.Tr
      className={classes.row ?? ""}
      data-chosen={chosen}
      data-testid={`arrete-${arrete.authorisation_id}`}
      onClick={onChoose}
    >
      <Table.Td>
        <button type="button" className={classes.open} aria-pressed={chosen}>
          {arrete.arrete_number}
        </button>
      </Table.Td>
      <Table.Td title={names.join(", ")}>
        {names.length <= 2 ? names.join(", ") : t("partners.communes_n", { n: names.length })}
      </Table.Td>
      <Table.Td>
        <span className={classes.standing} data-standing={standing}>
          <StateDot tone={TONES[standing]} />
          {t(WORDS[standing], { days: daysLeft(arrete.valid_until, now) })}
        </span>
      </Table.Td>
      <Table.Td>{formatDate(arrete.valid_until, locale)}</Table.Td>
      <Table.Td className={full ? (classes.late ?? "") : ""}>
        {arrete.cameras_covered} / {arrete.camera_count}
      </Table.Td>
      <Table.Td>
        {word("renewal", arrete.renewal.state)}
        {arrete.renewal.overdue && standing !== "ended" ? (
          <span className={classes.late}> · {t("arretes.late")}</span>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}
