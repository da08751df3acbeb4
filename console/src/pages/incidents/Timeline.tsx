import type { Incident, TimelineEntry } from "@/api/incident";
import { Panel } from "@/design/Panel";
import { formatDateTime, formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./IncidentDetail.module.css";

/** Everything that was done, newest first. */
export function Timeline({ incident }: { incident: Incident }) {
  const { t, locale } = useI18n();
  return (
    <Panel title={t("incident.timeline")}>
      <ol className={classes.timeline} reversed>
        {incident.timeline
          .toSorted((a, b) => b.seq - a.seq)
          .map((entry) => (
            <li key={entry.seq}>
              <time dateTime={entry.at} title={formatDateTime(entry.at, locale)}>
                {formatTime(entry.at, locale)}
              </time>
              <Line entry={entry} />
            </li>
          ))}
      </ol>
    </Panel>
  );
}

function Line({ entry }: { entry: TimelineEntry }) {
  const { word } = useI18n();
  const moved = entry.after !== null && entry.after !== entry.before;
  return (
    <div>
      <strong>{word("incident.kind", entry.kind)}</strong>
      {moved && entry.after ? ` : ${word("incident.status", entry.after)}` : null}
      <span className={classes.minor}> · {entry.by_name || entry.by}</span>
      {entry.note ? <div className={classes.note}>{entry.note}</div> : null}
    </div>
  );
}
