import { describe, expect, it } from "vitest";
import type { Camera } from "@/api/registry";
import { changed, numberOf, orNull, readable, textOf } from "@/pages/cameras/fields";
import { filtered, NO_FILTER, problemsOf } from "@/pages/cameras/fleetFilter";

const NOW = new Date("2026-06-01T12:00:00Z");

const camera = (change: Partial<Camera>): Camera => ({
  camera_id: "c",
  code: "SOI-001",
  label: "Place",
  insee: "95598",
  commune: "Soisy-sous-Montmorency",
  site_id: "s",
  kind: "fixe",
  status: "en_service",
  lon: 2.3,
  lat: 48.9,
  has_ptz: false,
  has_stream: true,
  online: true,
  authorisation: { arrete_number: "1", valid_until: "2027-01-01T00:00:00Z", mode: "DIRECT" },
  masks_signed: true,
  ...change,
});

describe("problems of a camera", () => {
  it("has none when it works under an order with signed masks", () => {
    expect(problemsOf(camera({}), NOW)).toEqual([]);
  });

  it("names each one, the gravest first", () => {
    const bad = camera({ authorisation: null, online: false, masks_signed: false });
    expect(problemsOf(bad, NOW)).toEqual(["no_authorisation", "offline", "masks"]);
    expect(problemsOf(camera({ has_stream: false, online: null }), NOW)).toEqual(["no_stream"]);
  });

  it("counts an order as ended from its last second on", () => {
    const ending = { arrete_number: "1", valid_until: NOW.toISOString(), mode: "DIRECT" };
    expect(problemsOf(camera({ authorisation: ending }), NOW)).toEqual(["expired"]);
    expect(problemsOf(camera({ authorisation: ending }), new Date(NOW.getTime() - 1))).toEqual([]);
  });

  it("asks nothing of a camera that is planned or removed", () => {
    for (const status of ["projet", "etude", "autorisee", "en_travaux", "deposee"]) {
      expect(problemsOf(camera({ status, authorisation: null, has_stream: false }), NOW)).toEqual([]);
    }
  });
});

describe("filter of the fleet", () => {
  const fleet = [
    camera({ camera_id: "1", insee: "95210", kind: "ptz" }),
    camera({ camera_id: "2", status: "projet", label: "Église" }),
    camera({ camera_id: "3", authorisation: null, label: "Église" }),
  ];
  const ids = (change: object) =>
    filtered(fleet, { ...NO_FILTER, ...change }, NOW).map(({ camera_id }) => camera_id);

  it("keeps what answers every question", () => {
    expect(ids({})).toEqual(["1", "2", "3"]);
    expect(ids({ insee: "95210" })).toEqual(["1"]);
    expect(ids({ kind: "fixe", text: "eglise" })).toEqual(["2", "3"]);
    expect(ids({ status: "projet", kind: "ptz" })).toEqual([]);
    expect(ids({ problem: "any" })).toEqual(["3"]);
    expect(ids({ problem: "offline" })).toEqual([]);
  });
});

describe("fields", () => {
  it("reads numbers as the French type them", () => {
    expect(numberOf(" 2,2996 ")).toBe(2.2996);
    expect(numberOf("48.98")).toBe(48.98);
    expect(numberOf("  ")).toBeNull();
    expect(readable([1, null, numberOf("douze")])).toBe(false);
    expect(readable([1, null])).toBe(true);
    expect([textOf(null), textOf(0), textOf("a")]).toEqual(["", "0", "a"]);
    expect([orNull("  "), orNull(" a ")]).toEqual([null, "a"]);
  });

  it("sends only what was changed", () => {
    expect(changed({ a: 1, b: null }, { a: 1, b: null })).toBeUndefined();
    expect(changed({ a: 1 as number | null, b: 2 }, { a: null, b: 2 })).toEqual({ a: null });
  });
});
