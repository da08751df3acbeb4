import { describe, expect, test } from "vitest";
import type { CameraHealth, Trouble } from "@/api/health";
import { byGravity } from "@/pages/health/gravity";
import { formatRate, lastMonths } from "@/pages/health/months";

describe("months", () => {
  test("the present month is first, over the turn of the year", () => {
    expect(lastMonths(new Date("2026-02-10T12:00:00Z"), 4)).toEqual([
      "2026-02",
      "2026-01",
      "2025-12",
      "2025-11",
    ]);
  });

  test("it is January in Paris while it still is December in UTC", () => {
    expect(lastMonths(new Date("2026-12-31T23:30:00Z"), 1)).toEqual(["2027-01"]);
  });
});

describe("rate", () => {
  test("only a perfect month is 100 %", () => {
    expect(formatRate(1, "en")).toBe("100%");
    expect(formatRate(0.999_999, "en")).toBe("99.99%");
    expect(formatRate(0.5, "en")).toBe("50.00%");
    expect(formatRate(null, "fr")).toBe("–");
  });
});

describe("gravity", () => {
  const camera = (id: string, kind: string, since: string): CameraHealth =>
    ({ camera_id: id, since: null, troubles: [{ kind, since } as Trouble] }) as CameraHealth;

  test("what sees nothing comes before what sees badly, the newest first", () => {
    const sorted = byGravity([
      camera("flou", "image_floue", "2026-11-22T10:00:00Z"),
      camera("ancien", "camera_hs", "2026-11-20T10:00:00Z"),
      camera("nouveau", "camera_hs", "2026-11-22T09:00:00Z"),
      { camera_id: "sans", since: null, troubles: [] as Trouble[] } as CameraHealth,
    ]);
    expect(sorted.map(({ camera_id }) => camera_id)).toEqual(["nouveau", "ancien", "flou", "sans"]);
  });
});
