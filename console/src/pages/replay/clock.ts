import type { Hole, Piece } from "@/api/replay";

/** Speeds a person may choose; negative ones go back by key frames. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;
export const REVERSE_SPEED = -4;

/** Above this, and backwards, one frame a group of pictures is shown. */
const FASTEST_WITH_EVERY_FRAME = 4;

export const usesKeyPictures = (speed: number): boolean => speed < 0 || speed > FASTEST_WITH_EVERY_FRAME;

/** A piece with its bounds in milliseconds. */
export interface Span {
  starts: number;
  ends: number;
  position: number;
}

export const spansOf = (pieces: Piece[]): Span[] =>
  pieces.map(({ starts_at, ends_at, position }) => ({
    starts: Date.parse(starts_at),
    ends: Date.parse(ends_at),
    position,
  }));

/** Where an instant lies in the film, in seconds; null where there is no picture. */
export function positionAt(spans: Span[], at: number): number | null {
  const span = spans.find(({ starts, ends }) => starts <= at && at < ends);
  return span ? span.position + (at - span.starts) / 1000 : null;
}

/** The key frame shown at an instant: the last one that is not later. */
export function pictureAt(pictures: number[], at: number): number | null {
  return pictures.findLast((one) => one <= at) ?? null;
}

/** The next key frame from an instant, forwards or back; null at the end. */
export function neighbour(pictures: number[], at: number, way: 1 | -1): number | null {
  return (way > 0 ? pictures.find((one) => one > at) : pictures.findLast((one) => one < at)) ?? null;
}

/** The first instant from `at` on (or before it, going back) at which any of several films has a picture. */
export function nextPicture(films: Span[][], at: number, way: 1 | -1): number | null {
  const reached = films.flat().flatMap(({ starts, ends }) => {
    if (starts <= at && at < ends) return [at];
    if (way > 0) return starts > at ? [starts] : [];
    return ends <= at ? [ends - 1] : [];
  });
  if (reached.length === 0) return null;
  return way > 0 ? Math.min(...reached) : Math.max(...reached);
}

export interface Advance {
  at: number;
  /** The window ended, or began going back. */
  over: boolean;
}

/** Where the common clock is after `elapsed` milliseconds; time that no camera has a picture of is passed over. */
export function advance(
  films: Span[][],
  from: number,
  elapsed: number,
  speed: number,
  window: { starts: number; ends: number },
): Advance {
  const way = speed < 0 ? -1 : 1;
  const wanted = from + elapsed * speed;
  const at = nextPicture(films, wanted, way) ?? wanted;
  if (at >= window.ends) return { at: window.ends - 1, over: true };
  if (at <= window.starts && way < 0) return { at: window.starts, over: true };
  return { at, over: nextPicture(films, at, way) === null };
}

export function holeAt(gaps: Hole[], at: number): Hole | null {
  return gaps.find((gap) => Date.parse(gap.starts_at) <= at && at < Date.parse(gap.ends_at)) ?? null;
}

/** At most `count` instants, evenly spread over the pictures of a window. */
export function spread(pictures: string[], count: number): string[] {
  if (pictures.length <= count) return pictures;
  return Array.from({ length: count }, (_, n) => pictures[Math.floor((n * pictures.length) / count)] ?? "");
}
