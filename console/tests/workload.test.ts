import { describe, expect, it } from "vitest";
import { BEAT_MS, LATE_MS, Workload } from "@/live/workload";

const LATE = BEAT_MS + LATE_MS + 1;

function beaten(...beats: number[]): Workload {
  const load = new Workload();
  for (const at of beats) load.beat(at, false);
  return load;
}

describe("a workstation's load", () => {
  it("is none while beats come in time, and before the first one", () => {
    expect(new Workload().isOverloaded(60_000)).toBe(false);
    expect(beaten(0, 500, 1_400, 2_000).isOverloaded(2_900)).toBe(false);
  });

  it("is too much from the moment a beat is late until a while after it came", () => {
    expect(beaten(0).isOverloaded(LATE)).toBe(true);
    const load = beaten(0, 3_000, 3_500);
    expect(load.isOverloaded(4_000)).toBe(true);
    for (let at = 4_000; at <= 18_000; at += 500) load.beat(at, false);
    expect(load.isOverloaded(18_100)).toBe(false);
  });

  it("is not judged in a hidden page, nor by the first beat after it", () => {
    const load = beaten(0);
    load.beat(60_000, true);
    load.beat(90_000, false);
    expect(load.isOverloaded(90_100)).toBe(false);
  });
});
