import { Tooltip } from "@mantine/core";
import { useI18n } from "@/i18n/I18n";
import type { MessageKey } from "@/i18n/translate";
import type { ChannelState } from "@/push/liveChannel";
import classes from "./design.module.css";
import { StateDot, type Tone } from "./StateDot";

const LOOK: Record<ChannelState, { tone: Tone; label: MessageKey; hint: MessageKey }> = {
  live: { tone: "good", label: "push.live", hint: "push.live_hint" },
  connecting: { tone: "idle", label: "push.connecting", hint: "push.connecting_hint" },
  stale: { tone: "warn", label: "push.stale", hint: "push.stale_hint" },
};

/** Says whether what is on screen follows the server; the worst of several lines counts. */
export function PushBadge({ states }: { states: ChannelState[] }) {
  const { t } = useI18n();
  const worst = states.includes("stale") ? "stale" : states.includes("connecting") ? "connecting" : "live";
  const look = LOOK[worst];
  return (
    <Tooltip label={t(look.hint)}>
      <span
        className={classes.push}
        role="status"
        aria-label={`${t(look.label)}. ${t(look.hint)}`}
        data-testid="push-state"
        data-state={worst}
      >
        <StateDot tone={look.tone} />
        {t(look.label)}
      </span>
    </Tooltip>
  );
}
