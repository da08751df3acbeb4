import { Badge, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FleetHealth, fetchFleetHealth } from "@/api/health";
import { PageTitle } from "@/design/PageTitle";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { PushBadge } from "@/design/PushBadge";
import { StateDot, type Tone } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import type { MessageKey } from "@/i18n/translate";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";
import { AvailabilityPanel } from "./AvailabilityPanel";
import classes from "./HealthPage.module.css";
import { TroubleTable } from "./TroubleTable";

const FLEET_HEALTH = ["fleet-health"] as const;
const FACTS = new Set(["camera_health_changed", "camera_changed", "alarm_raised"]);

/** How the fleet does now, what is wrong first, and how much of each month it could be relied on. */
export function HealthPage() {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({
    queryKey: FLEET_HEALTH,
    queryFn: ({ signal }) => fetchFleetHealth(signal),
  });
  const refresh = useRefresh(FLEET_HEALTH);
  const line = useLive("registry", {
    onFact: (fact) => {
      if (FACTS.has(fact)) refresh();
    },
    onGap: refresh,
  });
  return (
    <div className={classes.page} data-testid="health-page">
      <PageTitle title={t("health.title")} />
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      <Panel title={t("health.fleet")} aside={<PushBadge states={[line]} />} className={classes.panel}>
        {data ? <Figures counts={data.counts} /> : <Skeleton h={80} m="sm" />}
      </Panel>
      <Panel title={t("health.problems")} className={classes.panel}>
        {data ? (
          <TroubleTable cameras={data.items} cut={data.next_cursor !== null} />
        ) : (
          <Skeleton h={160} m="sm" />
        )}
      </Panel>
      <AvailabilityPanel />
    </div>
  );
}

function Figures({ counts }: { counts: FleetHealth["counts"] }) {
  const { t } = useI18n();
  const figures: [MessageKey, number, Tone][] = [
    ["health.online", counts.online, "good"],
    ["health.lost", counts.lost, "bad"],
    ["health.troubled", counts.troubled, "warn"],
    ["health.unknown", counts.unknown, "idle"],
    ["health.set_aside", counts.set_aside, "idle"],
  ];
  return (
    <>
      <dl className={classes.figures}>
        {figures.map(([label, number, tone]) => (
          <div key={label} className={classes.figure}>
            <dt>
              <StateDot tone={tone} />
              {t(label)}
            </dt>
            <dd data-testid={label}>{number}</dd>
          </div>
        ))}
      </dl>
      <div className={classes.kinds}>
        {counts.by_kind.map(({ kind, title, number }) => (
          <Badge key={kind} variant="default" tt="none" size="lg">
            {title} : {number}
          </Badge>
        ))}
      </div>
    </>
  );
}
