import { Button, Skeleton } from "@mantine/core";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot } from "@/design/StateDot";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useEndedRuns } from "./queries";
import classes from "./RondesPage.module.css";
import { toneOf } from "./runs";
import { Sheet } from "./Sheet";

/** Result sheets, latest first; each opens to its steps. */
export function EndedRuns() {
  const { t, locale } = useI18n();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useEndedRuns();
  const runs = data?.pages.flatMap((page) => page.items);
  if (error && !runs) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!runs) return <Skeleton h={60} m="sm" />;
  if (runs.length === 0) return <Empty title={t("rondes.none_ended")} />;
  return (
    <div className={classes.ended}>
      {runs.map((run) => (
        <details key={run.run_id} data-testid={`sheet-${run.name}`}>
          <summary>
            <StateDot tone={toneOf(run.state)} /> {formatDateTime(run.started_at ?? run.due_at, locale)} ·{" "}
            <strong>{run.name}</strong> · {t(`rondes.state.${run.state}`)}
            {run.agent_name ? ` · ${t("rondes.by", { name: run.agent_name })}` : null}
            {run.reason ? ` · ${run.reason}` : null}
          </summary>
          <Sheet run={run} />
        </details>
      ))}
      {hasNextPage ? (
        <Button
          size="compact-sm"
          variant="default"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t("rondes.more")}
        </Button>
      ) : null}
    </div>
  );
}
