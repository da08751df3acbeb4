import Hls, { type HlsConfig } from "hls.js";
import { NO_RIGHT_STATUSES } from "@/api/problem";

export type FilmEnd = "over" | "unreadable";

const AHEAD_S = 20;
const BEHIND_S = 30;

const CONFIG: Partial<HlsConfig> = {
  maxBufferLength: AHEAD_S,
  maxMaxBufferLength: 2 * AHEAD_S,
  backBufferLength: BEHIND_S,
  // Positions are seconds of film: never jump to a "live edge", never guess a start.
  startPosition: 0,
};

/** One film in a `<video>`: every frame, or key frames only, at the same positions. */
export class FilmPlayer {
  private hls: Hls | null = null;
  private shown: string | null = null;

  private readonly video: HTMLVideoElement;
  private readonly onEnd: (why: FilmEnd) => void;

  constructor(video: HTMLVideoElement, onEnd: (why: FilmEnd) => void) {
    this.video = video;
    this.onEnd = onEnd;
  }

  /** Show a playlist from a position; nothing happens when it is shown already. */
  show(playlist: string, position: number): void {
    if (this.shown === playlist) return;
    this.stop();
    if (!Hls.isSupported()) {
      this.onEnd("unreadable");
      return;
    }
    this.shown = playlist;
    const hls = new Hls({ ...CONFIG, startPosition: position });
    let recovered = false;
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      // Once a film: what this browser cannot decode fails again after each recovery.
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
        return;
      }
      this.onEnd(NO_RIGHT_STATUSES.includes(error.response?.code ?? 0) ? "over" : "unreadable");
      this.stop();
    });
    hls.loadSource(playlist);
    hls.attachMedia(this.video);
    this.hls = hls;
  }

  stop(): void {
    this.hls?.destroy();
    this.hls = null;
    this.shown = null;
  }
}

const HAVE_CURRENT_DATA = 2;
const HAVE_FUTURE_DATA = 3;

/** Whether a video has what it needs at its place: this picture, and to run also the next one. */
export const isReady = (video: Pick<HTMLVideoElement, "seeking" | "readyState" | "paused">): boolean =>
  !video.seeking && video.readyState >= (video.paused ? HAVE_CURRENT_DATA : HAVE_FUTURE_DATA);

const SNAP_S = 0.5;
const STILL_S = 0.015;
const GENTLE = 0.3;
const STRONGEST = 0.08;

/** What the video must do to be where the common clock is: `seek` when it is far off, else a slightly other rate. */
export function correction(
  shown: number,
  wanted: number,
  speed: number,
  playing: boolean,
): { seek: number | null; rate: number } {
  const off = wanted - shown;
  const limit = playing ? SNAP_S * Math.max(1, Math.abs(speed)) : STILL_S;
  if (Math.abs(off) > limit) return { seek: wanted, rate: speed };
  const nudge = Math.max(-STRONGEST, Math.min(STRONGEST, off * GENTLE));
  return { seek: null, rate: speed * (1 + nudge) };
}
