import { Skeleton } from "@mantine/core";
import { useMemo } from "react";
import type { Incident } from "@/api/incident";
import { Elapsed } from "@/design/Elapsed";
import { Empty } from "@/design/Panel";
import { Priority } from "@/design/Priority";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./IncidentQueue.module.css";
import { useIncidents } from "./queries";
import { byUrgency } from "./queue";

interface QueueProps {
  open: boolean;
  selected: string | null;
  onSelect: (incidentId: string) => void;
}

/** The gravest first, then the one that waits the longest. */
export function IncidentQueue({ open, selected, onSelect }: QueueProps) {
  const { t } = useI18n();
  const { data, error, refetch } = useIncidents(open);
  const incidents = useMemo(() => (data ?? []).toSorted(byUrgency), [data]);
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={64} m="sm" />;
  if (incidents.length === 0) return <Empty title={t("incident.none")} hint={t("incident.none_hint")} />;
  return (
    <ul className={classes.list}>
      {incidents.map((incident) => (
        <li key={incident.incident_id}>
          <Row
            incident={incident}
            selected={incident.incident_id === selected}
            onSelect={() => onSelect(incident.incident_id)}
          />
        </li>
      ))}
    </ul>
  );
}

function Row({
  incident,
  selected,
  onSelect,
}: {
  incident: Incident;
  selected: boolean;
  onSelect: () => void;
}) {
  const { t, word, locale } = useI18n();
  return (
    <button
      type="button"
      className={classes.row}
      aria-current={selected ? "true" : undefined}
      data-closed={incident.closed_at !== null}
      data-testid={`incident-row-${incident.number}`}
      onClick={onSelect}
    >
      <Priority priority={incident.priority} />
      <span className={classes.words}>
        <span className={classes.title}>{incident.title}</span>
        <span className={classes.place}>
          {[incident.commune ?? incident.insee, incident.address].filter(Boolean).join(" · ")}
        </span>
      </span>
      <span className={classes.status} data-status={incident.status}>
        {word("incident.status", incident.status)}
        <small>{incident.number}</small>
      </span>
      <span className={classes.time} title={t("incident.elapsed_since")}>
        <Elapsed since={incident.detected_at} until={incident.closed_at} />
        <small>{formatTime(incident.detected_at, locale)}</small>
      </span>
    </button>
  );
}
