import { Loader } from "@mantine/core";
import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { addBookmark, closeReplay, fetchTimeline, type Replay, renewReplay } from "@/api/replay";
import { useMe } from "@/app/session";
import { cameraName } from "@/cameras/naming";
import { useCameras } from "@/cameras/useCameras";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { Bookmarks } from "./Bookmarks";
import { neighbour, REVERSE_SPEED, SPEEDS, spansOf } from "./clock";
import { failureOf } from "./outcome";
import { ReplayBar } from "./ReplayBar";
import classes from "./ReplayPage.module.css";
import { type OpenFilm, ReplayTile } from "./ReplayTile";
import { Timeline } from "./Timeline";
import { useReplayClock } from "./useReplayClock";

const RENEW_MS = 4 * 60_000;
const REFRESH_MS = 30_000;
const FIRST_FRAME_S = 0.04;

export const timelineKey = (id: string) => ["replay-timeline", id] as const;

interface ReplayRoomProps {
  replays: Replay[];
  incidentId: string | null;
}

/** Up to four cameras on one clock: play, step, seek, speeds, bookmarks; gaps are shown, never jumped in silence. */
export function ReplayRoom({ replays, incidentId }: ReplayRoomProps) {
  const { byId } = useCameras();
  const timelines = useQueries({
    queries: replays.map((replay) => ({
      queryKey: timelineKey(replay.replay_id),
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchTimeline(replay.timeline_path, signal),
      refetchInterval: REFRESH_MS,
    })),
    combine: (all) => ({
      data: all.map(({ data }) => data),
      error: failureOf(all),
    }),
  });
  useKeptOpen(replays);
  const films = useMemo<OpenFilm[]>(
    () =>
      replays.flatMap((replay, n) => {
        const timeline = timelines.data[n];
        if (!timeline) return [];
        return [
          {
            replay,
            timeline,
            spans: spansOf(timeline.pieces),
            pictures: timeline.pictures.map((at) => Date.parse(at)),
            label: cameraName(byId.get(replay.camera_id), replay.camera_id),
          },
        ];
      }),
    [replays, timelines.data, byId],
  );
  if (timelines.error) return <ProblemAlert error={timelines.error} />;
  if (films.length < replays.length) return <Loader />;
  return <Desk films={films} incidentId={incidentId} />;
}

/** While somebody watches, the replays stay open; they are closed when the room or the page is left. */
function useKeptOpen(replays: Replay[]) {
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    clearTimeout(leaving.current);
    const timer = setInterval(() => {
      for (const { replay_id } of replays) void renewReplay(replay_id).catch(() => undefined);
    }, RENEW_MS);
    const close = () => {
      for (const { replay_id } of replays) void closeReplay(replay_id).catch(() => undefined);
    };
    window.addEventListener("pagehide", close);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", close);
      // Deferred so that React's double mount in development does not close what has just been opened.
      leaving.current = setTimeout(close, 0);
    };
  }, [replays]);
}

function Desk({ films, incidentId }: { films: OpenFilm[]; incidentId: string | null }) {
  const { t } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const [selected, setSelected] = useState(0);
  const [frame, setFrame] = useState(FIRST_FRAME_S);
  const first = films[0] as OpenFilm;
  const window = useMemo(
    () => ({ starts: Date.parse(first.timeline.starts_at), ends: Date.parse(first.timeline.ends_at) }),
    [first.timeline.starts_at, first.timeline.ends_at],
  );
  const spans = useMemo(() => films.map((film) => film.spans), [films]);
  const clock = useReplayClock(spans, window);
  const { at, seek, setPlaying, setSpeed, speed, playing } = clock;
  const current = films[selected] ?? first;
  const onFrame = useCallback(
    (seconds: number) => setFrame((known) => (known === seconds ? known : seconds)),
    [],
  );

  const go = (wanted: number) => {
    setPlaying(false);
    seek(wanted);
  };
  const bookmarking = useMutation({
    mutationFn: ({ replay, at }: { replay: Replay; at: number }) =>
      addBookmark({
        camera_id: replay.camera_id,
        at: new Date(at).toISOString(),
        label: t("replay.bookmark_default"),
        ...(incidentId ? { incident_id: incidentId } : {}),
      }),
    onSuccess: (_, { replay }) => queries.invalidateQueries({ queryKey: timelineKey(replay.replay_id) }),
  });
  const act: Record<string, () => void> = {
    " ": () => setPlaying(!playing),
    j: () => seek(at - 10_000),
    l: () => seek(at + 10_000),
    ",": () => go(at - frame * 1000),
    ".": () => go(at + frame * 1000),
    "shift+arrowleft": () => go(neighbour(current.pictures, at, -1) ?? at),
    "shift+arrowright": () => go(neighbour(current.pictures, at, 1) ?? at),
    arrowup: () => setSpeed(SPEEDS.find((one) => one > speed) ?? speed),
    arrowdown: () => setSpeed(SPEEDS.findLast((one) => one < speed) ?? SPEEDS[0]),
    r: () => {
      setSpeed(speed < 0 ? 1 : REVERSE_SPEED);
      setPlaying(true);
    },
    b: () => bookmarking.mutate({ replay: current.replay, at }),
  };
  useKeys(act);

  return (
    <div className={classes.room} data-testid="replay-room">
      <div className={classes.grid} data-tiles={films.length}>
        {films.map((film, n) => (
          <ReplayTile
            key={film.replay.replay_id}
            number={n + 1}
            film={film}
            at={at}
            playing={playing}
            speed={speed}
            viewer={me.name}
            selected={n === selected}
            onSelect={() => setSelected(n)}
            onWaiting={clock.setWaiting}
            onFrame={onFrame}
          />
        ))}
      </div>
      <div className={classes.desk}>
        <ReplayBar clock={clock} film={current} act={act} />
        {films.map((film, n) => (
          <div className={classes.lane} key={film.replay.replay_id}>
            <span title={film.label}>{film.label}</span>
            <Timeline film={film} at={at} window={window} selected={n === selected} onSeek={seek} />
          </div>
        ))}
        {bookmarking.error ? <ProblemAlert error={bookmarking.error} compact /> : null}
        <Bookmarks film={current} onSeek={go} />
      </div>
    </div>
  );
}

/** Keys of the desk; not while somebody types. */
function useKeys(act: Record<string, () => void>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (target.closest("input, textarea, select, [contenteditable]")) return;
      if (event.key === " " && target.closest("button")) return;
      const arrow = event.key.startsWith("Arrow") && event.shiftKey;
      const key = (arrow ? `shift+${event.key}` : event.key).toLowerCase();
      const action = act[key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [act]);
}
