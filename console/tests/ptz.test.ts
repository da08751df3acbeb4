import { describe, expect, it } from "vitest";
import type { Gesture, Velocity } from "@/api/ptz";
import { DEAD_ZONE, pluggedIn, shaped, velocityOf } from "@/live/joystick";
import { directionOfKey, secondsLeft, velocityFor } from "@/live/ptz";
import { INTERVAL_MS, ORDER_MS, PtzSender, REPEAT_MS } from "@/live/ptzSender";

/** A line whose answers a test gives, under a clock that a test moves. */
class Lab {
  now = 0;
  readonly sent: { at: number; what: Velocity | "stop"; gesture: Gesture }[] = [];
  readonly failures: unknown[] = [];
  private readonly timers = new Map<number, { at: number; callback: () => void }>();
  private readonly answers: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private ids = 0;

  readonly sender = new PtzSender(
    {
      move: (velocity, durationMs, gesture) => {
        expect(durationMs).toBe(ORDER_MS);
        this.sent.push({ at: this.now, what: velocity, gesture });
        return new Promise<void>((resolve, reject) => this.answers.push({ resolve, reject }));
      },
      stop: async (gesture) => {
        this.sent.push({ at: this.now, what: "stop", gesture });
      },
    },
    (error) => this.failures.push(error),
    () => `g${++this.ids}`,
    {
      now: () => this.now,
      set: (callback, ms) => {
        const timer = ++this.ids;
        this.timers.set(timer, { at: this.now + ms, callback });
        return timer;
      },
      clear: (timer) => this.timers.delete(timer as number),
    },
  );

  get moves() {
    return this.sent.filter(({ what }) => what !== "stop");
  }

  async answer() {
    this.answers.shift()?.resolve();
    await settled();
  }

  async refuse(error: unknown) {
    this.answers.shift()?.reject(error);
    await settled();
  }

  /** Let time pass; every move is answered at once where `answering`. */
  async pass(ms: number, answering = false) {
    const until = this.now + ms;
    if (answering) await this.answer();
    for (;;) {
      const [timer, next] = [...this.timers].toSorted(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (timer === undefined || !next || next.at > until) break;
      this.timers.delete(timer);
      this.now = next.at;
      next.callback();
      if (answering) await this.answer();
    }
    this.now = until;
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const right = (pan: number): Velocity => ({ pan, tilt: 0, zoom: 0 });

describe("sender", () => {
  it("repeats an order while the key is held, sooner than the order ends", async () => {
    const lab = new Lab();
    lab.sender.steer(right(0.5));
    await lab.pass(5 * REPEAT_MS, true);
    expect(lab.moves.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4, 5].map((n) => n * REPEAT_MS));
    expect(REPEAT_MS).toBeLessThan(ORDER_MS);
  });

  it("sends a joystick's updates at most ten times a second, and the last one always", async () => {
    const lab = new Lab();
    for (let step = 1; step <= 200; step++) {
      lab.sender.steer(right(step / 200));
      await lab.pass(5, true);
    }
    await lab.pass(INTERVAL_MS, true);
    const times = lab.moves.map(({ at }) => at);
    for (const [index, at] of times.entries()) {
      const before = times[index - 1];
      if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(INTERVAL_MS);
    }
    expect(lab.moves.at(-1)?.what).toEqual(right(1));
    expect(lab.moves.length).toBeLessThanOrEqual(12);
  });

  it("has one move on its way and lets a stop wait for nothing", async () => {
    const lab = new Lab();
    lab.sender.steer(right(0.1));
    lab.sender.steer(right(0.9));
    await lab.pass(1000);
    expect(lab.moves).toHaveLength(1);
    lab.sender.halt();
    expect(lab.sent.at(-1)).toMatchObject({ at: 1000, what: "stop", gesture: { gesture: "g1", order: 2 } });
    await lab.answer();
    await lab.pass(5000);
    expect(lab.sent).toHaveLength(2);
  });

  it("numbers the orders of a gesture, so that a move which passes its stop is dropped", async () => {
    const lab = new Lab();
    lab.sender.steer(right(0.5));
    await lab.pass(REPEAT_MS, true);
    lab.sender.steer(right(0));
    lab.sender.steer(right(0.5));
    await lab.pass(INTERVAL_MS, true);
    const gestures = lab.sent.map(({ gesture }) => gesture);
    expect(gestures.map(({ order }) => order)).toEqual([1, 2, 3, 1]);
    expect(new Set(gestures.slice(0, 3).map(({ gesture }) => gesture)).size).toBe(1);
    expect(gestures[3]?.gesture).not.toBe(gestures[0]?.gesture);
  });

  it("asks no more after a refusal, until the key is pressed again", async () => {
    const lab = new Lab();
    lab.sender.steer(right(0.5));
    await lab.refuse("held");
    await lab.pass(5000, true);
    expect(lab.failures).toEqual(["held"]);
    expect(lab.sent).toHaveLength(1);
    lab.sender.halt();
    expect(lab.sent).toHaveLength(1);
    lab.sender.steer(right(0.5));
    await lab.pass(INTERVAL_MS, true);
    expect(lab.moves).toHaveLength(2);
  });
});

describe("joystick", () => {
  it("stands still in the dead zone, is fine near it and full at the end, alike on both sides", () => {
    expect(shaped(DEAD_ZONE)).toBe(0);
    expect(shaped(Number.NaN)).toBe(0);
    expect(shaped(undefined)).toBe(0);
    expect(shaped(1)).toBe(1);
    expect(shaped(7)).toBe(1);
    expect(shaped(0.56)).toBe(0.25);
    let before = 0;
    for (let value = 0; value <= 1; value += 0.01) {
      expect(shaped(value)).toBeGreaterThanOrEqual(before);
      expect(shaped(-value) + shaped(value)).toBe(0);
      before = shaped(value);
    }
  });

  it("looks up when pushed away, zooms with the handle or the right stick", () => {
    expect(velocityOf({ mapping: "", axes: [1, -1, 1] })).toEqual({ pan: 1, tilt: 1, zoom: 1 });
    expect(velocityOf({ mapping: "standard", axes: [0, 1, 1, -1] })).toEqual({ pan: 0, tilt: -1, zoom: 1 });
    expect(velocityOf({ mapping: "", axes: [] })).toEqual({ pan: 0, tilt: 0, zoom: 0 });
  });

  it("takes the first one that is there", () => {
    const stick = { connected: true } as Gamepad;
    expect(pluggedIn([null, { connected: false } as Gamepad, stick])).toBe(stick);
    expect(pluggedIn([null])).toBeNull();
  });
});

describe("pad", () => {
  it("knows its keys", () => {
    expect(directionOfKey("ArrowUp")).toBe("up");
    expect(directionOfKey("x")).toBeNull();
    expect(velocityFor("zoom_out").zoom).toBeLessThan(0);
  });

  it("counts down from when the server said so, whatever the clock of the workstation", () => {
    const holder = { remaining_seconds: 42.2 } as Parameters<typeof secondsLeft>[0];
    expect(secondsLeft(holder, 1000, 1000)).toBe(43);
    expect(secondsLeft(holder, 1000, 3000)).toBe(41);
    expect(secondsLeft(holder, 1000, 500)).toBe(43);
    expect(secondsLeft(holder, 1000, 99_000)).toBe(0);
  });
});
