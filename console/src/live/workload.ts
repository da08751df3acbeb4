/** How often the workstation's own clock is looked at. */
export const BEAT_MS = 500;
/** A beat that comes later than this after its time was held up by work. */
export const LATE_MS = 500;
/** For so long after a late beat the workstation counts as overloaded: what it missed shows a little later. */
const OVERLOADED_FOR_MS = 15_000;

/**
 * Whether this workstation keeps up. One that does not shows the same as a bad line, pictures that stand still and a
 * silent connection, and another transport would only be more work for it. Times in ms of one clock.
 */
export class Workload {
  private last: number | null = null;
  private overloadedUntil = Number.NEGATIVE_INFINITY;

  /** Take in that a beat came; a hidden page is given fewer on purpose. */
  beat(at: number, hidden: boolean): void {
    if (!hidden && this.isLate(at)) this.overloadedUntil = at + OVERLOADED_FOR_MS;
    this.last = hidden ? null : at;
  }

  isOverloaded(at: number): boolean {
    return at < this.overloadedUntil || this.isLate(at);
  }

  private isLate(at: number): boolean {
    return this.last !== null && at - this.last > BEAT_MS + LATE_MS;
  }
}

const ofThisPage = new Workload();

/** Begin to watch this page; once, at its start. */
export function watchWorkload(): void {
  setInterval(() => ofThisPage.beat(performance.now(), document.hidden), BEAT_MS);
}

/** Whether this page is overloaded now. */
export function isOverloaded(): boolean {
  return ofThisPage.isOverloaded(performance.now());
}
