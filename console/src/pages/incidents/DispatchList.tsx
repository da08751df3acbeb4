import { Button, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { retryDispatch } from "@/api/dispatch";
import type { Incident, IncidentDispatch } from "@/api/incident";
import { can, useMe } from "@/app/session";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot, type Tone } from "@/design/StateDot";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { latestPerPartner } from "./dispatches";
import classes from "./IncidentDetail.module.css";
import { DISPATCHES, useIncidentDispatches } from "./queries";

const TONE: Record<string, Tone> = { DEMANDE: "idle", TRANSMIS: "warn", ACCUSE: "good", ECHEC: "bad" };

export function DispatchState({ status }: { status: string }) {
  const { word } = useI18n();
  return (
    <span className={classes.state}>
      <StateDot tone={TONE[status] ?? "idle"} />
      {word("dispatch.status", status)}
    </span>
  );
}

/** What became of each message, fresh from the dispatch service; the incident's own copy when that is away. */
export function DispatchList({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const { data } = useIncidentDispatches(incident.incident_id);
  const fresh: IncidentDispatch[] = data && data.length > 0 ? data : incident.dispatches;
  const latest = latestPerPartner(fresh);
  if (latest.length === 0) {
    return (
      <Text c="dimmed" size="sm" p="md">
        {t("transmit.not_yet")}
      </Text>
    );
  }
  return (
    <ul className={classes.dispatches} aria-live="polite">
      {latest.map((dispatch) => (
        <DispatchRow key={dispatch.partner_id} dispatch={dispatch} />
      ))}
    </ul>
  );
}

function DispatchRow({ dispatch }: { dispatch: IncidentDispatch }) {
  const { t, locale } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const retry = useMutation({
    mutationFn: () => retryDispatch(dispatch.dispatch_id),
    onSuccess: () => {
      notifications.show({ message: t("dispatch.retried") });
      void queries.invalidateQueries({ queryKey: DISPATCHES });
    },
  });
  return (
    <li>
      <strong>{dispatch.partner_name}</strong>
      <span data-testid={`dispatch-status-${dispatch.partner_id}`} data-status={dispatch.status}>
        <DispatchState status={dispatch.status} />
      </span>
      <span className={classes.detail}>
        {[formatTime(dispatch.at, locale), dispatch.detail].filter(Boolean).join(" · ")}
      </span>
      {dispatch.status === "ECHEC" && can(me, "manage_dispatch") ? (
        <Button size="compact-xs" variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>
          {t("dispatch.retry")}
        </Button>
      ) : null}
      {retry.error ? <ProblemAlert error={retry.error} /> : null}
    </li>
  );
}
