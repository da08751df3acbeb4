import { type SyntheticEvent, useEffect, useRef, useState } from "react";
import type { Replay, ReplayTimeline } from "@/api/replay";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { Watermark } from "@/live/Watermark";
import { holeAt, pictureAt, positionAt, type Span, usesKeyPictures } from "./clock";
import { correction, type FilmEnd, FilmPlayer, isReady } from "./filmPlayer";
import classes from "./ReplayPage.module.css";

export interface OpenFilm {
  replay: Replay;
  timeline: ReplayTimeline;
  spans: Span[];
  pictures: number[];
  label: string;
}

interface ReplayTileProps {
  number: number;
  film: OpenFilm;
  at: number;
  playing: boolean;
  speed: number;
  viewer: string;
  selected: boolean;
  onSelect: () => void;
  onWaiting: (tile: string, waiting: boolean) => void;
  /** Seconds between two shown frames, as the film has them. */
  onFrame: (seconds: number) => void;
}

/** One camera of a replay, kept where the common clock is; says in words why there is no picture. */
export function ReplayTile(props: ReplayTileProps) {
  const { film, at, playing, speed, onWaiting, onFrame } = props;
  const { t, locale } = useI18n();
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<FilmPlayer | null>(null);
  const [end, setEnd] = useState<FilmEnd | null>(null);
  const [waits, setWaits] = useState(true);
  const { replay, spans, pictures } = film;
  const keyPictures = usesKeyPictures(speed);
  const shownAt = speed < 0 ? (pictureAt(pictures, at) ?? at) : at;
  const position = positionAt(spans, shownAt);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const made = new FilmPlayer(element, setEnd);
    player.current = made;
    return () => {
      made.stop();
      player.current = null;
    };
  }, []);

  useEffect(() => {
    const element = video.current;
    if (!element?.requestVideoFrameCallback) return;
    let last = 0;
    let handle = 0;
    const onPresented = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
      const step = Math.abs(mediaTime - last);
      if (!keyPictures && step > 0.01 && step < 0.5) onFrame(step);
      last = mediaTime;
      handle = element.requestVideoFrameCallback(onPresented);
    };
    handle = element.requestVideoFrameCallback(onPresented);
    return () => element.cancelVideoFrameCallback(handle);
  }, [onFrame, keyPictures]);

  useEffect(() => {
    const element = video.current;
    if (!element || end || position === null) {
      element?.pause();
      onWaiting(replay.replay_id, false);
      setWaits(false);
      return;
    }
    player.current?.show(keyPictures ? replay.key_pictures_path : replay.playlist_path, position);
    const runs = playing && speed > 0;
    const { seek, rate } = correction(element.currentTime, position, speed, runs);
    if (seek !== null && !(element.seeking && runs)) element.currentTime = seek;
    if (runs) {
      element.playbackRate = Math.min(16, Math.max(0.0625, rate));
      if (element.paused) void element.play().catch(() => undefined);
    } else if (!element.paused) element.pause();
    onWaiting(replay.replay_id, runs && !isReady(element));
    setWaits(element.readyState < 2);
  }, [position, playing, speed, keyPictures, end, replay, onWaiting]);

  // While a tile waits the common clock stands, and the effect above does not run again by itself.
  const onArrived = ({ currentTarget }: SyntheticEvent<HTMLVideoElement>) => {
    if (!isReady(currentTarget)) return;
    onWaiting(replay.replay_id, false);
    setWaits(false);
  };

  const hole = position === null ? holeAt(film.timeline.gaps, at) : null;
  const cause = hole?.cause ?? t("replay.gap_unknown");
  const title = t("replay.tile", { n: props.number, label: film.label });
  return (
    <section
      className={classes.tile}
      data-selected={props.selected}
      data-testid={`replay-tile-${props.number}`}
      data-gap={position === null}
      aria-label={title}
    >
      <video
        ref={video}
        className={classes.video}
        muted
        playsInline
        onSeeked={onArrived}
        onCanPlay={onArrived}
        data-testid="replay-video"
      />
      <Watermark />
      <button
        type="button"
        className={classes.select}
        aria-pressed={props.selected}
        aria-label={title}
        onClick={props.onSelect}
      />
      {end ? (
        <div className={classes.why} role="alert">
          <strong>{t("replay.over")}</strong>
          <span>{end === "over" ? t("replay.over_detail") : t("replay.unreadable")}</span>
        </div>
      ) : position === null ? (
        <div className={classes.why} data-hatched="true" role="status" data-testid="replay-gap">
          <strong>{t("replay.gap", { cause })}</strong>
        </div>
      ) : waits ? (
        <div className={classes.waits} role="status">
          {t("replay.loading")}
        </div>
      ) : null}
      <div className={classes.caption}>
        <strong>{film.label}</strong>
        <span>{replay.camera_id}</span>
        <span>{t("live.viewer", { name: props.viewer })}</span>
      </div>
      <div className={classes.stamp} data-testid="replay-clock">
        {formatDateTime(new Date(shownAt), locale)}
      </div>
    </section>
  );
}
