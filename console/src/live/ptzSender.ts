import type { Gesture, Velocity } from "@/api/ptz";
import { isStill, sameVelocity } from "./ptz";

/** At most ten moves a second, however often a stick reports. */
export const INTERVAL_MS = 100;
/** While a direction is held the order is repeated, each one living a little longer than the interval: should
 * the console vanish, the camera stops by itself. */
export const REPEAT_MS = 500;
export const ORDER_MS = 900;

export interface PtzLine {
  move: (velocity: Velocity, durationMs: number, gesture: Gesture) => Promise<unknown>;
  stop: (gesture: Gesture) => Promise<unknown>;
}

interface Timers {
  now: () => number;
  set: (callback: () => void, ms: number) => unknown;
  clear: (timer: unknown) => void;
}

const BROWSER: Timers = {
  now: () => performance.now(),
  set: (callback, ms) => setTimeout(callback, ms),
  clear: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/** The orders of one gesture: one move at a time, the newest wins, repeated while held; a stop waits for nothing. */
export class PtzSender {
  private gesture = "";
  private order = 0;
  private wanted: Velocity | null = null;
  private sent: Velocity | null = null;
  private sentAt = Number.NEGATIVE_INFINITY;
  private busy = false;
  private timer: unknown;
  private readonly line: PtzLine;
  private readonly onFailure: (error: unknown) => void;
  private readonly newId: () => string;
  private readonly timers: Timers;

  constructor(
    line: PtzLine,
    onFailure: (error: unknown) => void,
    newId: () => string = () => crypto.randomUUID(),
    timers: Timers = BROWSER,
  ) {
    this.line = line;
    this.onFailure = onFailure;
    this.newId = newId;
    this.timers = timers;
  }

  /** Move at a velocity from now on; standing still is a stop. */
  steer(velocity: Velocity): void {
    if (isStill(velocity)) {
      this.halt();
      return;
    }
    if (!this.wanted) {
      this.gesture = this.newId();
      this.order = 0;
      this.sent = null;
    }
    this.wanted = velocity;
    if (!this.sent || !sameVelocity(this.sent, velocity)) this.schedule(INTERVAL_MS);
  }

  /** Stand still: sent at once, also while a move is on its way, which the gateway then drops if it comes later. */
  halt(): void {
    if (!this.wanted) return;
    const gesture = this.nextGesture();
    this.forget();
    this.line.stop(gesture).catch(this.onFailure);
  }

  private schedule(spacing: number): void {
    this.timers.clear(this.timer);
    this.timer = undefined;
    if (this.busy || !this.wanted) return;
    const wait = this.sentAt + spacing - this.timers.now();
    if (wait <= 0) this.send(this.wanted);
    else this.timer = this.timers.set(() => this.wanted && this.send(this.wanted), wait);
  }

  private send(velocity: Velocity): void {
    const gesture = this.nextGesture();
    this.busy = true;
    this.sent = velocity;
    this.sentAt = this.timers.now();
    this.line.move(velocity, ORDER_MS, gesture).then(
      () => {
        this.busy = false;
        const changed = !this.sent || !this.wanted || !sameVelocity(this.sent, this.wanted);
        this.schedule(changed ? INTERVAL_MS : REPEAT_MS);
      },
      (error: unknown) => {
        this.busy = false;
        if (gesture.gesture === this.gesture) this.forget();
        else this.schedule(INTERVAL_MS);
        this.onFailure(error);
      },
    );
  }

  private nextGesture(): Gesture {
    this.order += 1;
    return { gesture: this.gesture, order: this.order };
  }

  private forget(): void {
    this.timers.clear(this.timer);
    this.timer = undefined;
    this.wanted = null;
  }
}
