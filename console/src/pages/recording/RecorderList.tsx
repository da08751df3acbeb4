import { Badge } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Empty } from "@/design/Panel";
import { StateDot } from "@/design/StateDot";
import { formatDateTime, formatElapsed, formatFigure, formatOffset } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./RecordingPage.module.css";
import { type RecorderLine, type Trouble, toneOf } from "./troubles";

const ROW_HEIGHT = 62;
/** As many as two lines of a row hold. */
const BADGES_AT_MOST = 2;

interface RecorderListProps {
  lines: readonly RecorderLine[];
  /** When the list was true, in ms. */
  at: number;
  /** Nothing is recorded at all, whatever the filter. */
  none: boolean;
}

/** Recorders, only the rows in sight are drawn. */
export function RecorderList({ lines, at, none }: RecorderListProps) {
  const { t } = useI18n();
  const scroller = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
  });
  if (lines.length === 0) {
    return <Empty title={t(none ? "recording.no_recorder" : "recording.no_match")} />;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section ref={scroller} className={classes.scroller} aria-label={t("recording.recorders")} tabIndex={0}>
      <ul className={classes.rows} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const line = lines[row.index];
          return line ? (
            <li
              key={line.recorder.camera_id}
              className={classes.item}
              style={{ height: row.size, transform: `translateY(${row.start}px)` }}
              aria-setsize={lines.length}
              aria-posinset={row.index + 1}
              data-testid={`recorder-${line.recorder.camera_id}`}
              data-state={line.recorder.state}
            >
              <Row line={line} at={at} />
            </li>
          ) : null;
        })}
      </ul>
    </section>
  );
}

function Row({ line: { recorder, label, troubles }, at }: { line: RecorderLine; at: number }) {
  const { t, word, locale } = useI18n();
  const { width, height, fps, kbps, clock_offset_ms: offset, last_segment_at: segment } = recorder;
  const picture = [
    width && height ? `${width} × ${height}` : null,
    fps === null ? null : t("recording.fps", { n: formatFigure(fps, locale) }),
    kbps === null ? null : t("recording.kbps", { n: formatFigure(kbps, locale) }),
  ].filter(Boolean);
  const compatible = recorder.engine !== null && recorder.engine_reason;
  const told = [
    recorder.reason,
    compatible ? t("recording.compatible", { reason: recorder.engine_reason ?? "" }) : "",
  ].filter(Boolean);
  return (
    <>
      <StateDot tone={toneOf(troubles)} />
      <span className={classes.words}>
        <strong>{label}</strong>
        <span className={`${classes.minor} ${classes.reason}`} title={told.join(" · ")}>
          {recorder.camera_id} · {recorder.node_id}
          {told.length > 0 ? ` · ${told.join(" · ")}` : ""}
        </span>
      </span>
      <span className={classes.words}>
        <span>{word("recording.state", recorder.state)}</span>
        <span className={classes.minor}>{recorder.engine ?? t("recording.no_engine")}</span>
      </span>
      <span className={classes.words}>
        <span>{picture.length > 0 ? picture.join(" · ") : "–"}</span>
        <span className={classes.minor}>
          {offset === null
            ? t("recording.no_clock")
            : t("recording.clock", { offset: formatOffset(offset, locale) })}
        </span>
      </span>
      <span className={classes.words}>
        <span title={segment ? formatDateTime(segment, locale) : undefined}>
          {segment
            ? t("recording.segment", { age: formatElapsed(at - Date.parse(segment), locale) })
            : t("recording.no_segment")}
        </span>
        <span className={classes.minor}>{t("recording.restarts", { n: recorder.restarts })}</span>
      </span>
      <TroubleBadges troubles={troubles} />
    </>
  );
}

function TroubleBadges({ troubles }: { troubles: readonly Trouble[] }) {
  const { t } = useI18n();
  const more = troubles.slice(BADGES_AT_MOST);
  return (
    <span className={classes.badges}>
      {troubles.slice(0, BADGES_AT_MOST).map((trouble) => {
        const tone = toneOf([trouble]);
        const color = tone === "bad" ? "red" : tone === "warn" ? "yellow" : "gray";
        return (
          <Badge key={trouble} size="sm" color={color} variant="light">
            {t(`recording.trouble.${trouble}`)}
          </Badge>
        );
      })}
      {troubles.length > BADGES_AT_MOST ? (
        <Badge
          size="sm"
          color="gray"
          variant="light"
          title={more.map((one) => t(`recording.trouble.${one}`)).join(", ")}
        >
          +{more.length}
        </Badge>
      ) : null}
    </span>
  );
}
