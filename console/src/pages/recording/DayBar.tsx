import { Tooltip } from "@mantine/core";
import type { LedgerEdge, LedgerGap, LedgerLine } from "@/api/recording";
import { useNow } from "@/design/useNow";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { bandsOf } from "./ledger";
import classes from "./RecordingPage.module.css";

/** The 24 hours of a camera with its declared gaps hatched; the causes are read below it too. */
export function DayBar({ line, window }: { line: LedgerLine; window: { starts: number; ends: number } }) {
  const { t, locale } = useI18n();
  const now = useNow();
  const past = Math.min(100, ((now - window.starts) / (window.ends - window.starts)) * 100);
  const words = ({ started_at, ended_at, cause }: LedgerGap) =>
    t("ledger.gap_of", { from: formatTime(started_at, locale), to: formatTime(ended_at, locale), cause });
  const answer = ({ started_at, ended_at, times, reason }: LedgerEdge) => {
    const span = { from: formatTime(started_at, locale), to: formatTime(ended_at, locale) };
    return reason ? t("ledger.edge_refused", { ...span, n: times, reason }) : t("ledger.edge_stored", span);
  };
  return (
    <>
      <div className={classes.bar} data-expected={line.expected_seconds > 0}>
        <span className={classes.past} style={{ width: `${past}%` }} />
        {bandsOf(line.gaps, window).map(({ gap, left, width }) => (
          <Tooltip key={`${gap.started_at}${gap.cause}`} label={words(gap)} multiline maw={320}>
            <span
              className={classes.gap}
              style={{ left: `${left}%`, width: `${width}%` }}
              data-testid="gap"
            />
          </Tooltip>
        ))}
      </div>
      {line.gaps.length > 0 ? (
        <details className={classes.gaps}>
          <summary>{t("ledger.gaps", { n: line.gaps.length })}</summary>
          <ul>
            {line.gaps.map((gap) => (
              <li key={`${gap.started_at}${gap.cause}`}>{words(gap)}</li>
            ))}
          </ul>
        </details>
      ) : null}
      {line.edge.length > 0 ? (
        <details className={classes.gaps} data-testid="edge">
          <summary>{t("ledger.edge", { n: line.edge.length })}</summary>
          <ul>
            {line.edge.map((one) => (
              <li key={`${one.started_at}${one.reason}`}>{answer(one)}</li>
            ))}
          </ul>
        </details>
      ) : null}
      {line.expected_seconds === 0 ? (
        <div className={classes.minor}>{t("ledger.nothing_expected")}</div>
      ) : null}
    </>
  );
}
