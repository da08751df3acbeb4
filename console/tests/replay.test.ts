import { describe, expect, it } from "vitest";
import { ProblemError } from "@/api/problem";
import type { Replay } from "@/api/replay";
import {
  advance,
  holeAt,
  neighbour,
  nextPicture,
  pictureAt,
  positionAt,
  spansOf,
  spread,
  usesKeyPictures,
} from "@/pages/replay/clock";
import { correction } from "@/pages/replay/filmPlayer";
import { failureOf, openingOf } from "@/pages/replay/outcome";

const START = Date.parse("2026-11-22T12:00:00Z");
const at = (seconds: number) => START + seconds * 1000;
const iso = (seconds: number) => new Date(at(seconds)).toISOString();

/** 0–10 s, a gap of 30 s, 40–50 s. */
const spans = spansOf([
  { starts_at: iso(0), ends_at: iso(10), position: 0 },
  { starts_at: iso(40), ends_at: iso(50), position: 10 },
]);
const window = { starts: at(0), ends: at(60) };

describe("the common clock", () => {
  it("knows the place in the film of each instant, and none in a gap", () => {
    expect(positionAt(spans, at(0))).toBe(0);
    expect(positionAt(spans, at(9.5))).toBe(9.5);
    expect(positionAt(spans, at(10))).toBeNull();
    expect(positionAt(spans, at(42))).toBe(12);
    expect(positionAt(spans, at(50))).toBeNull();
  });

  it("passes over what no camera has, and stops for what one of them has", () => {
    expect(advance([spans], at(9.9), 200, 1, window)).toEqual({ at: at(40), over: false });
    const other = spansOf([{ starts_at: iso(20), ends_at: iso(30), position: 0 }]);
    expect(advance([spans, other], at(9.9), 200, 1, window)).toEqual({ at: at(20), over: false });
    expect(advance([spans, other], at(29.9), 50, 1, window)).toEqual({ at: at(29.95), over: false });
  });

  it("runs at its speed, both ways, and ends with the pictures", () => {
    expect(advance([spans], at(1), 1000, 4, window).at).toBe(at(5));
    expect(advance([spans], at(45), 1000, -4, window).at).toBe(at(41));
    expect(advance([spans], at(40.1), 100, -4, window).at).toBe(at(10) - 1);
    expect(advance([spans], at(0.1), 100, -4, window)).toEqual({ at: at(0), over: true });
    expect(advance([spans], at(49.99), 1000, 1, window).over).toBe(true);
    expect(nextPicture([spans], at(55), 1)).toBeNull();
  });

  it("never goes past its window", () => {
    const long = spansOf([{ starts_at: iso(-2), ends_at: iso(90), position: 0 }]);
    expect(advance([long], at(59.9), 1000, 16, window)).toEqual({ at: at(60) - 1, over: true });
  });
});

describe("key frames", () => {
  const pictures = [0, 2, 4, 40, 42].map(at);
  it("are found at, before and after an instant", () => {
    expect(pictureAt(pictures, at(3.9))).toBe(at(2));
    expect(pictureAt(pictures, at(-1))).toBeNull();
    expect(neighbour(pictures, at(4), 1)).toBe(at(40));
    expect(neighbour(pictures, at(4), -1)).toBe(at(2));
    expect(neighbour(pictures, at(42), 1)).toBeNull();
  });

  it("are shown alone above four times the speed and backwards", () => {
    expect([0.25, 1, 4].map(usesKeyPictures)).toEqual([false, false, false]);
    expect([8, 16, -4].map(usesKeyPictures)).toEqual([true, true, true]);
  });

  it("are asked for at most sixty at a time, from the whole window", () => {
    const many = Array.from({ length: 1800 }, (_, n) => iso(2 * n));
    const asked = spread(many, 60);
    expect(asked).toHaveLength(60);
    expect(new Set(asked).size).toBe(60);
    expect(asked[0]).toBe(iso(0));
    expect(spread(many.slice(0, 5), 60)).toHaveLength(5);
  });
});

describe("gaps", () => {
  it("are told with their cause", () => {
    const gaps = [{ starts_at: iso(10), ends_at: iso(40), cause: "caméra injoignable" }];
    expect(holeAt(gaps, at(10))?.cause).toBe("caméra injoignable");
    expect(holeAt(gaps, at(40))).toBeNull();
  });
});

describe("keeping in step", () => {
  it("seeks when far off, and changes the rate a little when near", () => {
    expect(correction(0, 5, 1, true).seek).toBe(5);
    expect(correction(5, 5.2, 1, true)).toEqual({ seek: null, rate: 1.06 });
    expect(correction(5.2, 5, 1, true).rate).toBeLessThan(1);
    expect(correction(5, 5.9, 4, true).seek).toBeNull();
    expect(correction(5, 5.04, 1, false).seek).toBe(5.04);
    expect(correction(5, 5.01, 1, false).seek).toBeNull();
  });
});

const refusal = (status: number) => new ProblemError({ type: "about:blank", title: "", status, detail: "" });

describe("a demand for several cameras", () => {
  const opened = { replay_id: "r2" } as Replay;

  it("tells each refusal beside what was opened", () => {
    const [first, third] = [refusal(403), refusal(422)];
    const opening = openingOf(
      ["cam-1", "cam-2", "cam-3"],
      [
        { status: "rejected", reason: first },
        { status: "fulfilled", value: opened },
        { status: "rejected", reason: third },
      ],
    );
    expect(opening.opened).toEqual([opened]);
    expect(opening.refused).toEqual([
      { cameraId: "cam-1", reason: first },
      { cameraId: "cam-3", reason: third },
    ]);
  });

  it("of which none was opened is refused as a whole", () => {
    const reason = refusal(403);
    expect(() => openingOf(["cam-1"], [{ status: "rejected", reason }])).toThrow(reason);
  });
});

describe("an open replay", () => {
  const known = { data: {}, error: null };

  it("is over when its right is, also with all its pictures here", () => {
    for (const status of [401, 403, 404]) {
      const error = refusal(status);
      expect(failureOf([known, { data: {}, error }])).toBe(error);
    }
  });

  it("outlives a lost request, but for a timeline that never came", () => {
    expect(failureOf([known, { data: {}, error: refusal(503) }])).toBeNull();
    const error = refusal(503);
    expect(failureOf([known, { data: undefined, error }])).toBe(error);
  });
});
