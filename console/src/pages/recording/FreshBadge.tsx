import { StateDot } from "@/design/StateDot";
import { useNow } from "@/design/useNow";
import { useI18n } from "@/i18n/I18n";
import classes from "./RecordingPage.module.css";

/** Three turns missed: what is on screen may be old. */
const STALE_TURNS = 3;

/** Says how old what is on screen is, for what is asked for anew at intervals. */
export function FreshBadge({ updatedAt, everyMs }: { updatedAt: number; everyMs: number }) {
  const { t } = useI18n();
  const now = useNow();
  if (updatedAt === 0) return null;
  const seconds = Math.max(0, Math.round((now - updatedAt) / 1000));
  const stale = now - updatedAt > STALE_TURNS * everyMs;
  return (
    <span className={classes.fresh} data-state={stale ? "stale" : "fresh"} data-testid="fresh">
      <StateDot tone={stale ? "warn" : "good"} />
      {t(stale ? "recording.stale" : "recording.fresh", { n: seconds })}
    </span>
  );
}
