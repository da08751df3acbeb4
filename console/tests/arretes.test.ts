import { describe, expect, it } from "vitest";
import type { Arrete } from "@/api/arretes";
import { utcToParis } from "@/i18n/format";
import { byUrgency, daysLeft, standingOf, TONES, WORDS } from "@/pages/arretes/expiry";
import {
  closedPolygon,
  discOf,
  parseGeoJson,
  parsePositions,
  positionsText,
  surfacesOf,
  withPolygon,
} from "@/pages/arretes/ground";
import { changedTerms, draftOf, EMPTY, termsOf } from "@/pages/arretes/terms";

const NOW = Date.parse("2026-06-01T12:00:00Z");
const DAY = 86_400_000;
const inDays = (days: number) => new Date(NOW + days * DAY).toISOString();

function arrete(changes: Partial<Arrete> = {}): Arrete {
  return {
    authorisation_id: "A-1",
    arrete_number: "2026-1",
    valid_from: inDays(-100),
    valid_until: inDays(500),
    communes: ["95598"],
    camera_count: 10,
    cameras_covered: 4,
    finalites: ["securite_personnes_biens"],
    recipients: ["police_nationale"],
    retention_days: 14,
    retention_min_days: null,
    mode: "DIRECT",
    event_windows: [],
    perimeter: null,
    positions: [],
    verbalisation: false,
    partner_watermark: false,
    responsible: null,
    scan_sha256: null,
    revision: 0,
    in_force: true,
    warning_days: null,
    renewal: {
      state: "a_preparer",
      due_at: inDays(380),
      overdue: false,
      successor_id: null,
      gap_seconds: null,
    },
    ...changes,
  };
}

const renewed = { state: "accordee", due_at: inDays(0), overdue: false, successor_id: "A-2" };

describe("standing of an arrêté", () => {
  it.each([
    [{}, "quiet"],
    [{ warning_days: 240 }, "soon"],
    [{ warning_days: 120 }, "due"],
    [{ warning_days: 30 }, "urgent"],
    [{ valid_until: inDays(0), warning_days: 0 }, "ended"],
    [{ valid_from: inDays(1) }, "coming"],
    [{ warning_days: 7, renewal: { ...renewed, gap_seconds: 0 } }, "renewed"],
    [{ warning_days: 7, renewal: { ...renewed, gap_seconds: 60 } }, "urgent"],
  ] as const)("%o is %s", (changes, expected) => {
    const standing = standingOf(arrete(changes as Partial<Arrete>), NOW);
    expect(standing).toBe(expected);
    expect(TONES[standing]).toBeDefined();
    expect(WORDS[standing]).toContain(standing);
  });

  it("rounds the days left up, and never below 0", () => {
    expect(daysLeft(inDays(7), NOW)).toBe(7);
    expect(daysLeft(new Date(NOW + 1000).toISOString(), NOW)).toBe(1);
    expect(daysLeft(inDays(-3), NOW)).toBe(0);
  });

  it("puts what asks for work first and what has ended last", () => {
    const list = [
      arrete({ authorisation_id: "ended", valid_until: inDays(-1) }),
      arrete({ authorisation_id: "quiet" }),
      arrete({ authorisation_id: "due", warning_days: 120, valid_until: inDays(100) }),
      arrete({ authorisation_id: "urgent", warning_days: 7, valid_until: inDays(6) }),
    ];
    expect(list.toSorted(byUrgency(NOW)).map((one) => one.authorisation_id)).toEqual([
      "urgent",
      "due",
      "quiet",
      "ended",
    ]);
  });
});

describe("ground", () => {
  const square = {
    type: "Polygon" as const,
    coordinates: [
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 0],
      ],
    ],
  };

  it("finds the polygons of any GeoJSON", () => {
    const feature = { type: "Feature", properties: {}, geometry: square };
    expect(surfacesOf(square)).toEqual([square]);
    expect(surfacesOf({ type: "FeatureCollection", features: [feature, feature] })).toHaveLength(2);
    expect(surfacesOf({ type: "Point", coordinates: [0, 0] })).toEqual([]);
    expect(surfacesOf(null)).toEqual([]);
    expect(parseGeoJson("[1]")).toBeNull();
    expect(parseGeoJson("{")).toBeNull();
  });

  it("closes what was clicked, from three corners on", () => {
    expect(
      closedPolygon([
        [0, 0],
        [1, 0],
      ]),
    ).toBeNull();
    const drawn = closedPolygon([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
    expect(drawn).toEqual(square);
    if (drawn) expect(withPolygon([square], drawn).coordinates).toHaveLength(2);
  });

  it("reads positions, one a line, and writes them back", () => {
    const read = parsePositions("2,3 ; 48.9 ; 25 ; Mairie\n\n2.31;48.91");
    expect(read).toEqual([
      { lon: 2.3, lat: 48.9, radius_m: 25, label: "Mairie" },
      { lon: 2.31, lat: 48.91, radius_m: 30, label: "" },
    ]);
    expect(parsePositions(positionsText(read ?? []))).toEqual(read);
    expect(parsePositions("ici")).toBeNull();
    expect(discOf({ lon: 2.3, lat: 48.9, radius_m: 25, label: "" }).coordinates[0]).toHaveLength(33);
  });
});

describe("the form", () => {
  it("sends back only what was changed", () => {
    const before = draftOf(arrete({ valid_until: "2030-01-01T00:00:00.123456Z" }));
    const after = { ...before, retention_days: "7" };
    const terms = termsOf(after);
    if ("unreadable" in terms) throw new Error(terms.unreadable);
    expect(changedTerms(before, after, terms)).toEqual({ retention_days: 7 });
    const listed = { ...before, ground: "positions" as const, positions: "2.3;48.9" };
    const moved = termsOf(listed);
    if ("unreadable" in moved) throw new Error(moved.unreadable);
    expect(Object.keys(changedTerms(before, listed, moved)).toSorted()).toEqual(["perimeter", "positions"]);
  });

  it("names what cannot be read yet", () => {
    expect(termsOf(EMPTY)).toEqual({ unreadable: "valid_from" });
    const dated = { ...EMPTY, valid_from: "2026-01-01T00:00", valid_until: "2027-01-01T00:00" };
    expect(termsOf({ ...dated, ground: "perimeter", geojson: "{" })).toEqual({ unreadable: "geojson" });
    expect(termsOf({ ...dated, ground: "positions" })).toEqual({ unreadable: "positions" });
    expect(termsOf({ ...dated, mode: "EVENEMENT", windows: [{ from: "", to: "" }] })).toEqual({
      unreadable: "windows",
    });
  });

  it("shows Paris wall time, summer and winter", () => {
    expect(utcToParis("2026-07-01T10:00:00Z")).toBe("2026-07-01T12:00:00");
    expect(utcToParis("2026-12-01T10:00:00Z")).toBe("2026-12-01T11:00:00");
  });
});
