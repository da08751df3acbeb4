import { ActionIcon, Badge, SegmentedControl, Tooltip } from "@mantine/core";
import {
  IconBookmark,
  IconChevronLeft,
  IconChevronRight,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
  IconPlayerTrackPrev,
  IconRewindBackward10,
  IconRewindForward10,
} from "@tabler/icons-react";
import { useNow } from "@/design/useNow";
import { formatDateTime, formatElapsed } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import type { MessageKey } from "@/i18n/translate";
import { SPEEDS, usesKeyPictures } from "./clock";
import classes from "./ReplayPage.module.css";
import type { OpenFilm } from "./ReplayTile";
import type { ReplayClock } from "./useReplayClock";

interface ReplayBarProps {
  clock: ReplayClock;
  film: OpenFilm;
  /** What each key does. */
  act: Record<string, () => void>;
}

/** The absolute clock, when the pictures are destroyed, and every action that also has a key. */
export function ReplayBar({ clock, film, act }: ReplayBarProps) {
  const { t, locale } = useI18n();
  const { at, playing, speed } = clock;
  const now = useNow();
  const expires = film.timeline.expires_at;
  const buttons: [key: string, label: MessageKey, icon: typeof IconBookmark, testId?: string][] = [
    ["r", "replay.reverse", IconPlayerTrackPrev, "replay-reverse"],
    ["j", "replay.back", IconRewindBackward10],
    ["shift+arrowleft", "replay.key_back", IconPlayerSkipBack],
    [",", "replay.step_back", IconChevronLeft],
    [
      " ",
      playing ? "replay.pause" : "replay.play",
      playing ? IconPlayerPause : IconPlayerPlay,
      "replay-play",
    ],
    [".", "replay.step", IconChevronRight, "replay-step"],
    ["shift+arrowright", "replay.key_forward", IconPlayerSkipForward],
    ["l", "replay.forward", IconRewindForward10, "replay-forward"],
    ["b", "replay.bookmark", IconBookmark, "replay-bookmark"],
  ];
  return (
    <>
      <div className={classes.bar}>
        <output data-testid="replay-at" data-at={Math.round(at)} data-playing={playing}>
          {formatDateTime(new Date(at), locale)}
        </output>
        <div className={classes.buttons}>
          {buttons.map(([key, label, Icon, testId]) => (
            <Tooltip key={key} label={t(label)}>
              <ActionIcon
                variant="default"
                size="lg"
                aria-label={t(label)}
                onClick={act[key]}
                {...(testId ? { "data-testid": testId } : {})}
              >
                <Icon aria-hidden size={18} />
              </ActionIcon>
            </Tooltip>
          ))}
        </div>
        <SegmentedControl
          size="xs"
          aria-label={t("replay.speed")}
          value={String(speed)}
          onChange={(value) => clock.setSpeed(Number(value))}
          data={SPEEDS.map((one) => ({
            value: String(one),
            label: t("replay.speed_value", { speed: one.toLocaleString(locale) }),
          }))}
          data-testid="replay-speed"
        />
        {usesKeyPictures(speed) ? <Badge color="yellow">{t("replay.key_only")}</Badge> : null}
        {expires ? (
          <span className={classes.minor} data-testid="replay-expires">
            {t("replay.expires", { time: formatElapsed(Date.parse(expires) - now, locale) })}
          </span>
        ) : null}
      </div>
      <p className={classes.minor}>{t("replay.keys")}</p>
    </>
  );
}
