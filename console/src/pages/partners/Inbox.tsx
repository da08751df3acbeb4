import { Button, Skeleton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { acknowledgeDispatch, type Dispatch, fetchInbox } from "@/api/dispatch";
import type { Priority as PriorityCode } from "@/api/incident";
import { can, useMe } from "@/app/session";
import { useCommunes } from "@/cameras/useCameras";
import { Elapsed } from "@/design/Elapsed";
import { Empty } from "@/design/Panel";
import { Priority } from "@/design/Priority";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { DispatchState } from "@/pages/incidents/DispatchList";
import classes from "./PartnersPage.module.css";

const INBOX = ["inbox"] as const;
const PRIORITIES: readonly string[] = ["P1", "P2", "P3"];

/** What waits for an acknowledgement comes first, then the newest. */
function byWaiting(a: Dispatch, b: Dispatch): number {
  const done = Number(a.status === "ACCUSE") - Number(b.status === "ACCUSE");
  return done || b.at.localeCompare(a.at);
}

/** The partner's received alerts: text only, whoever the partner is. */
export function Inbox() {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({ queryKey: INBOX, queryFn: fetchInbox });
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={80} m="sm" />;
  if (data.length === 0) return <Empty title={t("inbox.none")} hint={t("inbox.none_hint")} />;
  return (
    <ul className={classes.inbox}>
      {data.toSorted(byWaiting).map((dispatch) => (
        <InboxItem key={dispatch.dispatch_id} dispatch={dispatch} />
      ))}
    </ul>
  );
}

function InboxItem({ dispatch }: { dispatch: Dispatch }) {
  const { t, locale } = useI18n();
  const queries = useQueryClient();
  const acknowledgement = useMutation({
    mutationFn: () => acknowledgeDispatch(dispatch.dispatch_id),
    onSettled: () => queries.invalidateQueries({ queryKey: INBOX }),
  });
  const done = dispatch.status === "ACCUSE";
  return (
    <li className={classes.alert} data-done={done} data-testid={`inbox-${dispatch.incident_number}`}>
      <div className={classes.alertHead}>
        {dispatch.priority && PRIORITIES.includes(dispatch.priority) ? (
          <Priority priority={dispatch.priority as PriorityCode} />
        ) : null}
        <strong>{dispatch.title ?? t("incident.number", { number: dispatch.incident_number })}</strong>
        <span className={classes.minor}>{dispatch.incident_number}</span>
        <span className={classes.minor} title={formatDateTime(dispatch.at, locale)}>
          <Elapsed since={dispatch.at} />
        </span>
      </div>
      <Place dispatch={dispatch} />
      {dispatch.message ? <p className={classes.message}>{dispatch.message}</p> : null}
      {acknowledgement.error ? <ProblemAlert error={acknowledgement.error} /> : null}
      <div className={classes.alertFoot}>
        <DispatchState status={dispatch.status} />
        {done ? (
          <span className={classes.minor}>{dispatch.detail}</span>
        ) : (
          <Button
            leftSection={<IconCheck aria-hidden size={16} />}
            loading={acknowledgement.isPending}
            onClick={() => acknowledgement.mutate()}
            data-testid={`acknowledge-${dispatch.dispatch_id}`}
          >
            {t("inbox.acknowledge")}
          </Button>
        )}
      </div>
    </li>
  );
}

/** Where: address, commune by name for whoever may list the communes (its code for others), and the point. */
function Place({ dispatch }: { dispatch: Dispatch }) {
  const { t } = useI18n();
  const me = useMe();
  // A partner who sees no camera is refused this list, and a refusal is a line of the register: do not ask.
  const { data: communes = [] } = useCommunes(can(me, "view_camera"));
  const { address, insee, lat, lon } = dispatch;
  const name = communes.find((commune) => commune.insee === insee)?.name;
  const commune = name ?? t("inbox.commune_code", { insee });
  return (
    <div data-testid={`inbox-place-${dispatch.dispatch_id}`}>
      {[address, commune].filter(Boolean).join(", ")}
      {typeof lat === "number" && typeof lon === "number" ? (
        <span className={classes.minor}>
          {" "}
          {t("inbox.point", { lat: lat.toFixed(5), lon: lon.toFixed(5) })}
        </span>
      ) : null}
    </div>
  );
}
