import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { closeReplay, openInstantReplay, type Replay } from "@/api/replay";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { type FilmEnd, FilmPlayer } from "@/pages/replay/filmPlayer";
import classes from "./InstantReplay.module.css";
import { Watermark } from "./Watermark";

interface InstantReplayProps {
  cameraId: string;
  /** The live session that shows the camera; without one the server refuses. */
  sessionId: string | null;
  seconds: number;
  onLive: () => void;
}

/** The last seconds of a camera over its live tile, marked as such; the live picture goes on behind. */
export function InstantReplay({ cameraId, sessionId, seconds, onLive }: InstantReplayProps) {
  const { t } = useI18n();
  const video = useRef<HTMLVideoElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [played, setPlayed] = useState(false);
  const [end, setEnd] = useState<FilmEnd | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: round is there to show it once more
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    setError(null);
    setPlayed(false);
    setEnd(null);
    let opened: Replay | null = null;
    let gone = false;
    const player = new FilmPlayer(element, setEnd);
    // Deferred so that React's double mount in development does not write two lines in the register.
    const start = setTimeout(() => {
      openInstantReplay(cameraId, {
        seconds,
        ...(sessionId ? { session_id: sessionId } : {}),
      }).then((replay) => {
        opened = replay;
        if (gone) void closeReplay(replay.replay_id).catch(() => undefined);
        else player.show(replay.playlist_path, 0);
      }, setError);
    }, 0);
    return () => {
      gone = true;
      clearTimeout(start);
      player.stop();
      if (opened) void closeReplay(opened.replay_id).catch(() => undefined);
    };
  }, [cameraId, sessionId, seconds, round]);
  return (
    <div className={classes.over} data-testid="instant-replay">
      <video
        ref={video}
        className={classes.video}
        muted
        autoPlay
        playsInline
        onEnded={() => setPlayed(true)}
        data-testid="instant-video"
      />
      <Watermark />
      <strong className={classes.banner}>
        {t("instant.title")} · −{seconds} s
      </strong>
      {error ? <ProblemAlert error={error} compact /> : null}
      {end ? (
        <span className={classes.why} role="alert">
          {t(end === "over" ? "replay.over_detail" : "replay.unreadable")}
        </span>
      ) : null}
      <div className={classes.buttons}>
        <Button size="compact-sm" onClick={onLive} data-testid="instant-live">
          {t("instant.live")}
        </Button>
        {played || end ? (
          <Button size="compact-sm" variant="default" onClick={() => setRound(round + 1)}>
            {t("instant.again")}
          </Button>
        ) : null}
      </div>
    </div>
  );
}
