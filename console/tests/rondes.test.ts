import { describe, expect, it } from "vitest";
import type { RondeRun, RunState, StepRecord } from "@/api/rondes";
import { clampedDwell, draftOf, lasting, moved, termsOf, timesOf } from "@/pages/rondes/draft";
import { commandsFor, leftOf, stepToMark } from "@/pages/rondes/runs";

const step = (camera_id: string, dwell_seconds = 10) => ({ camera_id, preset: null, dwell_seconds });

describe("definition of a ronde", () => {
  it("reads times as people write them, sorted and once each", () => {
    expect(timesOf("22:00, 2h30 2:30;7h")).toEqual(["02:30", "07:00", "22:00"]);
    expect(timesOf("")).toEqual([]);
    for (const wrong of ["24:00", "12:60", "midi", "12:3", "-1:00"]) expect(timesOf(wrong)).toBeNull();
  });

  it("keeps a look between five and thirty seconds", () => {
    expect([1, 5, 12.4, 30, 99, Number.NaN].map(clampedDwell)).toEqual([5, 5, 12, 30, 30, 10]);
  });

  it("moves a step and leaves the others in order", () => {
    const steps = [step("a"), step("b"), step("c")];
    const order = (list: { camera_id: string }[]) => list.map(({ camera_id }) => camera_id).join("");
    expect(order(moved(steps, 2, -1))).toBe("acb");
    expect(order(moved(steps, 0, 1))).toBe("bac");
    expect(order(moved(steps, 0, -1))).toBe("abc");
    expect(order(moved(steps, 2, 1))).toBe("abc");
    expect(order(steps)).toBe("abc");
    expect(lasting(steps)).toBe(30);
  });

  it("says nothing to the server while something is missing", () => {
    const whole = { ...draftOf(null), name: " Gare ", purpose: "Vols", steps: [step("a", 99)], times: "22h" };
    expect(termsOf(whole)).toEqual({
      name: "Gare",
      purpose: "Vols",
      steps: [{ camera_id: "a", preset: null, dwell_seconds: 30 }],
      schedule: { days: [], times: ["22:00"] },
      active: true,
      screen_id: null,
      place: 0,
    });
    for (const lacking of [{ name: " " }, { purpose: "" }, { steps: [] }, { times: "bientôt" }]) {
      expect(termsOf({ ...whole, ...lacking })).toBeNull();
    }
  });
});

describe("run of a ronde", () => {
  const record = (number: number, entered: boolean) =>
    ({ step: number, entered_at: entered ? "2026-11-30T22:00:00Z" : null }) as StepRecord;
  const run = (state: RunState, current: number | null): RondeRun =>
    ({ state, current, steps: [record(0, true), record(1, true), record(2, false)] }) as RondeRun;

  it("offers what its state allows, and nothing once it ended", () => {
    expect(commandsFor("attendue")[0]).toBe("take");
    expect(commandsFor("en_cours")).toEqual(["pause", "skip", "stop"]);
    expect(commandsFor("a_clore")).toEqual(["close"]);
    for (const ended of ["terminee", "arretee", "manquee"] as const) expect(commandsFor(ended)).toEqual([]);
  });

  it("marks the present step, or the last that began, and none where there is none", () => {
    expect(stepToMark(run("en_cours", 1))).toBe(1);
    expect(stepToMark(run("a_clore", null))).toBe(1);
    expect(stepToMark(run("attendue", null))).toBeNull();
    expect(stepToMark(run("terminee", 1))).toBeNull();
  });

  it("counts down to the end of the step and not below", () => {
    const ends_at = "2026-11-30T22:00:10Z";
    expect(leftOf({ ends_at }, Date.parse("2026-11-30T22:00:04Z"))).toBe(6_000);
    expect(leftOf({ ends_at }, Date.parse("2026-11-30T22:00:40Z"))).toBe(0);
    expect(leftOf({ ends_at: null }, 0)).toBeNull();
  });
});
