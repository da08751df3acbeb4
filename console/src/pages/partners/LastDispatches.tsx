import { Anchor, Skeleton, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { fetchDispatches } from "@/api/dispatch";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { DispatchState } from "@/pages/incidents/DispatchList";
import { DISPATCHES } from "@/pages/incidents/queries";
import classes from "./PartnersPage.module.css";

/** The last messages to any partner, newest first. */
export function LastDispatches() {
  const { t, locale } = useI18n();
  const { data, error, refetch } = useQuery({
    queryKey: [...DISPATCHES, "last"],
    queryFn: () => fetchDispatches(),
  });
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={120} m="sm" />;
  if (data.length === 0) return <Empty title={t("partners.no_dispatch")} />;
  return (
    <Table verticalSpacing={6} horizontalSpacing="md" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("partners.when")}</Table.Th>
          <Table.Th scope="col">{t("partners.incident")}</Table.Th>
          <Table.Th scope="col">{t("partners.name")}</Table.Th>
          <Table.Th scope="col">{t("partners.status")}</Table.Th>
          <Table.Th scope="col">{t("partners.detail")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {data
          .toSorted((a, b) => b.at.localeCompare(a.at))
          .map((dispatch) => (
            <Table.Tr key={dispatch.dispatch_id} data-testid={`dispatch-row-${dispatch.dispatch_id}`}>
              <Table.Td className={classes.nowrap ?? ""}>{formatDateTime(dispatch.at, locale)}</Table.Td>
              <Table.Td className={classes.nowrap ?? ""}>
                <Anchor component={Link} to={`/incidents/${dispatch.incident_id}`} size="sm">
                  {dispatch.incident_number}
                </Anchor>
              </Table.Td>
              <Table.Td>{dispatch.partner_name}</Table.Td>
              <Table.Td>
                <DispatchState status={dispatch.status} />
              </Table.Td>
              <Table.Td className={classes.minor ?? ""}>{dispatch.detail}</Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}
