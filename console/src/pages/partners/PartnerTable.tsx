import { Skeleton, Table } from "@mantine/core";
import type { Partner } from "@/api/dispatch";
import { useCommunes } from "@/cameras/useCameras";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot, type Tone } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import type { MessageKey } from "@/i18n/translate";
import { usePartners } from "@/pages/incidents/queries";
import classes from "./PartnersPage.module.css";

function channelLook(reachable: boolean | null): [Tone, MessageKey] {
  if (reachable === null) return ["idle", "partners.unknown"];
  return reachable ? ["good", "partners.reachable"] : ["bad", "partners.unreachable"];
}

/** Who can be warned, by which channel, whether it answers, and whether images may ever go there. */
export function PartnerTable() {
  const { t } = useI18n();
  const { data, error, refetch } = usePartners();
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={120} m="sm" />;
  if (data.length === 0) return <Empty title={t("partners.none")} />;
  return (
    <Table verticalSpacing={6} horizontalSpacing="md" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("partners.name")}</Table.Th>
          <Table.Th scope="col">{t("partners.kind")}</Table.Th>
          <Table.Th scope="col">{t("partners.channel")}</Table.Th>
          <Table.Th scope="col">{t("partners.images")}</Table.Th>
          <Table.Th scope="col">{t("partners.communes")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {data.map((partner) => (
          <PartnerRow key={partner.partner_id} partner={partner} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function PartnerRow({ partner }: { partner: Partner }) {
  const { t, word } = useI18n();
  const communes = useCommunes();
  const [tone, label] = channelLook(partner.reachable);
  const names = partner.communes.map(
    (insee) => communes.data?.find((commune) => commune.insee === insee)?.name ?? insee,
  );
  return (
    <Table.Tr data-testid={`partner-row-${partner.partner_id}`}>
      <Table.Td fw={600}>{partner.name}</Table.Td>
      <Table.Td>{word("organisation", partner.kind)}</Table.Td>
      <Table.Td>
        <span className={classes.state}>
          <StateDot tone={tone} />
          {t(label)}
        </span>{" "}
        <span className={classes.minor}>{partner.channel}</span>
      </Table.Td>
      <Table.Td>{partner.receives_images ? t("partners.images_yes") : t("partners.images_no")}</Table.Td>
      <Table.Td title={names.join(", ")}>
        {names.length <= 2 ? names.join(", ") : t("partners.communes_n", { n: names.length })}
      </Table.Td>
    </Table.Tr>
  );
}
