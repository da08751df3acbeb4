import { Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type CSSProperties, type KeyboardEvent, type PointerEvent, useMemo, useState } from "react";
import { fetchThumbnails } from "@/api/replay";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { neighbour, spread } from "./clock";
import classes from "./ReplayPage.module.css";
import type { OpenFilm } from "./ReplayTile";

const SMALL_PICTURES = 60;

interface TimelineProps {
  film: OpenFilm;
  at: number;
  window: { starts: number; ends: number };
  selected: boolean;
  onSeek: (at: number) => void;
}

/** What was recorded, what is missing (hatched, with its cause), bookmarks; small pictures under the pointer. */
export function Timeline({ film, at, window, selected, onSeek }: TimelineProps) {
  const { t, locale } = useI18n();
  const [pointed, setPointed] = useState<number | null>(null);
  const { replay, timeline, pictures } = film;
  const asked = useMemo(() => spread(timeline.pictures, SMALL_PICTURES), [timeline.pictures]);
  const { data: small = [] } = useQuery({
    queryKey: ["thumbnails", replay.replay_id],
    queryFn: ({ signal }) => fetchThumbnails(replay.replay_id, asked, signal),
    enabled: selected && asked.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const share = (instant: number) => ((instant - window.starts) / (window.ends - window.starts)) * 100;
  const band = (from: string, to: string): CSSProperties => {
    const begin = Math.max(share(Date.parse(from)), 0);
    return { left: `${begin}%`, width: `${Math.min(share(Date.parse(to)), 100) - begin}%` };
  };
  const instantOf = (event: PointerEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return window.starts + ((event.clientX - left) / width) * (window.ends - window.starts);
  };
  const onKey = (event: KeyboardEvent) => {
    const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    event.stopPropagation();
    onSeek(event.shiftKey ? (neighbour(pictures, at, way) ?? at) : at + way * 1000);
  };
  const picture = pointed === null ? null : (small.findLast((one) => Date.parse(one.at) <= pointed) ?? null);
  const time = (instant: string) => formatTime(instant, locale);
  return (
    <div
      className={classes.track}
      data-selected={selected}
      data-testid="replay-timeline"
      role="slider"
      tabIndex={0}
      aria-label={t("replay.timeline", { label: film.label })}
      aria-valuemin={0}
      aria-valuemax={Math.round((window.ends - window.starts) / 1000)}
      aria-valuenow={Math.round((at - window.starts) / 1000)}
      aria-valuetext={formatTime(new Date(at), locale)}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onSeek(instantOf(event));
      }}
      onPointerMove={(event) => {
        setPointed(instantOf(event));
        if (event.buttons === 1) onSeek(instantOf(event));
      }}
      onPointerLeave={() => setPointed(null)}
    >
      {timeline.pieces.map((piece) => (
        <span
          key={piece.starts_at}
          className={classes.recorded}
          style={band(piece.starts_at, piece.ends_at)}
        />
      ))}
      {timeline.gaps.map((gap) => (
        <Tooltip
          key={gap.starts_at}
          label={t("replay.gap_range", {
            from: time(gap.starts_at),
            to: time(gap.ends_at),
            cause: gap.cause ?? t("replay.gap_unknown"),
          })}
        >
          <span
            className={classes.gap}
            style={band(gap.starts_at, gap.ends_at)}
            data-testid="replay-gap-band"
            data-cause={gap.cause ?? ""}
          />
        </Tooltip>
      ))}
      {timeline.bookmarks.map((mark) => (
        <Tooltip key={mark.bookmark_id} label={`${time(mark.at)} · ${mark.label}`}>
          <span
            className={classes.mark}
            data-color={mark.color}
            style={{ left: `${share(Date.parse(mark.at))}%` }}
          />
        </Tooltip>
      ))}
      <span className={classes.head} style={{ left: `${share(at)}%` }} />
      {pointed !== null ? (
        <span className={classes.hover} style={{ left: `${Math.min(Math.max(share(pointed), 7), 93)}%` }}>
          {picture ? <img src={`data:image/jpeg;base64,${picture.jpeg}`} alt="" /> : null}
          {formatTime(new Date(pointed), locale)}
        </span>
      ) : null}
    </div>
  );
}
