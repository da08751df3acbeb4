import { describe, expect, it } from "vitest";
import { en } from "@/i18n/en";
import { formatAge, formatDateTime, formatElapsed, formatOffset, parisToUtc } from "@/i18n/format";
import { fr } from "@/i18n/fr";
import { fill } from "@/i18n/translate";

const places = (sentence: string) => [...sentence.matchAll(/\{\w+\}/g)].map(([place]) => place).toSorted();

describe("dictionaries", () => {
  it("have the same keys", () => {
    expect(Object.keys(en).toSorted()).toEqual(Object.keys(fr).toSorted());
  });

  it("have the same places to fill, and no empty sentence", () => {
    for (const [key, sentence] of Object.entries(fr)) {
      const translated = en[key as keyof typeof fr];
      expect(sentence, key).not.toBe("");
      expect(translated, key).not.toBe("");
      expect(places(translated), key).toEqual(places(sentence));
    }
  });

  it("fill values, and show a place that was forgotten", () => {
    expect(fill("{shown} sur {total}", { shown: 3, total: 9 })).toBe("3 sur 9");
    expect(fill("{shown} sur {total}", { shown: 3 })).toBe("3 sur {total}");
  });
});

describe("formats", () => {
  it("show Paris time, summer and winter", () => {
    expect(formatDateTime("2026-07-01T10:00:00Z", "fr")).toBe("01/07/2026 12:00:00");
    expect(formatDateTime("2026-12-01T10:00:00Z", "fr")).toBe("01/12/2026 11:00:00");
  });

  it("show elapsed time by its size", () => {
    expect(formatElapsed(-5, "fr")).toBe("00:00");
    expect(formatElapsed(42_900, "fr")).toBe("00:42");
    expect(formatElapsed(12 * 60_000 + 3_000, "fr")).toBe("12:03");
    expect(formatElapsed(64 * 60_000, "fr")).toBe("1 h 04");
    expect(formatElapsed(51 * 3_600_000, "fr")).toBe("2 j 03 h");
    expect(formatElapsed(51 * 3_600_000, "en")).toBe("2 d 03 h");
  });

  it("show the age of a picture in tenths where they matter", () => {
    expect(formatAge(240, "fr")).toBe("0,2 s");
    expect(formatAge(240, "en")).toBe("0.2 s");
    expect(formatAge(12_400, "fr")).toBe("12 s");
  });

  it("show which way a clock is off, and no sign where nothing is shown", () => {
    expect([300, -1_200].map((ms) => formatOffset(ms, "fr"))).toEqual(["+0,3 s", "−1,2 s"]);
    expect([0, 49, -49].map((ms) => formatOffset(ms, "fr"))).toEqual(["0,0 s", "0,0 s", "0,0 s"]);
    expect([50, -50].map((ms) => formatOffset(ms, "en"))).toEqual(["+0.1 s", "−0.1 s"]);
  });

  it("read a typed Paris time, also in the hours around the change of clocks", () => {
    expect(parisToUtc("2026-07-01T12:00")).toBe("2026-07-01T10:00:00.000Z");
    expect(parisToUtc("2026-12-01T11:00")).toBe("2026-12-01T10:00:00.000Z");
    expect(parisToUtc("2026-03-29T01:30")).toBe("2026-03-29T00:30:00.000Z");
    expect(parisToUtc("2026-03-29T03:30")).toBe("2026-03-29T01:30:00.000Z");
    expect(parisToUtc("2026-10-25T00:30")).toBe("2026-10-24T22:30:00.000Z");
    expect(parisToUtc("")).toBeNull();
    expect(parisToUtc("hier")).toBeNull();
  });
});
