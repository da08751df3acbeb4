/** What the buffer of a live tile looks like, in seconds of media time. */
export interface BufferView {
  currentTime: number;
  /** Buffered ranges in order, half-open. */
  ranges: readonly (readonly [start: number, end: number])[];
  playbackRate: number;
  /** Just opened: the cached group of pictures has arrived in one piece and what it shows is already past. */
  settling: boolean;
}

/** What to do about it; null means "leave as it is". */
export interface EdgeDecision {
  seekTo: number | null;
  playbackRate: number;
  removeBefore: number | null;
}

/** Behind the edge by more than this: jump. An operator must see now, not smoothly. */
const JUMP_LAG = 2;
/** Behind by more than this: play a little faster until `EASE_LAG`. */
const HURRY_LAG = 0.7;
const EASE_LAG = 0.35;
const HURRY_RATE = 1.15;
/** Where a jump lands, behind the edge: enough for the decoder not to starve on the next late fragment. */
const LANDING_LAG = 0.25;
/** Played media kept for a moment, then dropped in one piece. */
const KEEP_BEHIND = 4;
const TRIM_WHEN_BEHIND = 12;

/** Decide how to stay within about a second of the live edge. Pure: called on every append and once a second. */
export function keepEdge(view: BufferView): EdgeDecision {
  const first = view.ranges[0];
  const last = view.ranges.at(-1);
  if (!first || !last) return { seekTo: null, playbackRate: 1, removeBefore: null };
  const [lastStart, edge] = last;
  const lag = edge - view.currentTime;
  const outside = view.currentTime < lastStart || lag < 0;
  const tooFar = lag > (view.settling ? HURRY_LAG : JUMP_LAG);
  const seekTo = outside || tooFar ? Math.max(lastStart, edge - LANDING_LAG) : null;
  const position = seekTo ?? view.currentTime;
  const removeBefore = position - first[0] > TRIM_WHEN_BEHIND ? position - KEEP_BEHIND : null;
  return { seekTo, playbackRate: rateFor(seekTo === null ? lag : 0, view.playbackRate), removeBefore };
}

function rateFor(lag: number, present: number): number {
  if (lag > HURRY_LAG) return HURRY_RATE;
  if (lag < EASE_LAG) return 1;
  return present > 1 ? HURRY_RATE : 1;
}
