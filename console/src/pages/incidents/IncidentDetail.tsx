import { Button, Group, Skeleton, Stack } from "@mantine/core";
import { IconBroadcast } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Incident } from "@/api/incident";
import { can, useMe } from "@/app/session";
import { cameraName } from "@/cameras/naming";
import { useCameras } from "@/cameras/useCameras";
import { Elapsed } from "@/design/Elapsed";
import { Panel } from "@/design/Panel";
import { Priority } from "@/design/Priority";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { livePath } from "@/pages/live/wall";
import { DispatchList } from "./DispatchList";
import classes from "./IncidentDetail.module.css";
import { canTransmit } from "./lifecycle";
import { useIncident } from "./queries";
import { Timeline } from "./Timeline";
import { TransitionForm } from "./TransitionForm";
import { TransmissionForm } from "./TransmissionForm";

/** One incident: what happens, who was warned, what comes next, what was done. `compact` for the dock. The page keeps it in step. */
export function IncidentDetail({ incidentId, compact = false }: { incidentId: string; compact?: boolean }) {
  const { t } = useI18n();
  const me = useMe();
  const { data: incident, error, refetch } = useIncident(incidentId);
  if (error && !incident) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!incident) return <Skeleton h={240} aria-label={t("app.loading")} />;
  return (
    <Stack gap="sm" data-testid="incident-detail">
      {compact ? null : <Head incident={incident} />}
      <Panel title={t("transmit.done_title")}>
        <DispatchList incident={incident} />
      </Panel>
      {can(me, "transmit") && canTransmit(incident.status) ? <TransmissionForm incident={incident} /> : null}
      {can(me, "manage_incident") ? <TransitionForm incident={incident} /> : null}
      <Timeline incident={incident} />
    </Stack>
  );
}

function Head({ incident }: { incident: Incident }) {
  const { t, word, locale } = useI18n();
  const { byId } = useCameras();
  const me = useMe();
  const cameras = incident.camera_ids.map((id) => cameraName(byId.get(id), id));
  const origin = word("incident.origin", incident.origin);
  const detected = formatDateTime(incident.detected_at, locale);
  return (
    <Panel
      title={t("incident.number", { number: incident.number })}
      aside={
        incident.camera_ids.length > 0 && can(me, "live") ? (
          <Button
            size="compact-sm"
            variant="default"
            component={Link}
            to={livePath(incident.camera_ids)}
            leftSection={<IconBroadcast aria-hidden size={15} />}
          >
            {t("incident.watch")}
          </Button>
        ) : null
      }
    >
      <div className={classes.head}>
        <Group gap="sm" wrap="nowrap">
          <Priority priority={incident.priority} />
          <h3 className={classes.title}>{incident.title}</h3>
          <span className={classes.status} data-testid="incident-status" data-status={incident.status}>
            {word("incident.status", incident.status)} ·{" "}
            <Elapsed since={incident.detected_at} until={incident.closed_at} />
          </span>
        </Group>
        <p className={classes.facts}>{incident.facts}</p>
        <dl className={classes.fields}>
          <Field
            name={t("incident.place")}
            value={[incident.address || t("incident.no_address"), incident.commune ?? incident.insee].join(
              ", ",
            )}
          />
          <Field name={t("incident.cameras")} value={cameras.join(", ") || t("incident.no_camera")} />
          <Field name={t("incident.detected_at")} value={`${detected} · ${origin}`} />
          <Field name={t("incident.opened_by")} value={incident.opened_by_name} />
        </dl>
      </div>
    </Panel>
  );
}

function Field({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
