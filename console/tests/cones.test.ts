import { describe, expect, it } from "vitest";
import type { Camera } from "@/api/registry";
import { coneFeatures, coneRing } from "@/pages/map/cones";

const camera = (more: Partial<Camera>): Camera => ({
  camera_id: "PV-95598-0001-F1",
  code: "PV-95598-0001-F1",
  label: "Gare – fixe",
  insee: "95598",
  commune: "Soisy",
  site_id: "PV-95598-0001",
  kind: "fixe",
  status: "en_service",
  lon: 2.3,
  lat: 48.98,
  has_ptz: false,
  has_stream: true,
  online: true,
  azimuth_deg: 90,
  opening_deg: 60,
  range_m: 100,
  authorisation: null,
  ...more,
});
const EVERYWHERE = [-180, -90, 180, 90] as const;

const metres = ([lon, lat]: [number, number]) => [
  (lon - 2.3) * 111_200 * Math.cos((48.98 * Math.PI) / 180),
  (lat - 48.98) * 111_200,
];

describe("cones", () => {
  it("start and end at the camera and reach as far as it sees", () => {
    const ring = coneRing(camera({}), 90, 60, 100);
    expect(ring[0]).toEqual([2.3, 48.98]);
    expect(ring.at(-1)).toEqual([2.3, 48.98]);
    for (const corner of ring.slice(1, -1)) {
      const [east = 0, north = 0] = metres(corner);
      expect(Math.hypot(east, north)).toBeCloseTo(100, 6);
      expect(east).toBeGreaterThan(100 * Math.cos(Math.PI / 6) - 1e-6);
    }
  });

  it("look north at azimuth 0 and east at azimuth 90", () => {
    const middle = (azimuth: number) => metres(coneRing(camera({}), azimuth, 60, 100)[6] ?? [0, 0]);
    expect(middle(0)[1]).toBeCloseTo(100, 6);
    expect(middle(90)[0]).toBeCloseTo(100, 6);
  });

  it("are drawn only where azimuth, opening and range are known, and within the bounds", () => {
    expect(coneFeatures([camera({})], EVERYWHERE).features).toHaveLength(1);
    for (const blind of [
      { azimuth_deg: null },
      { opening_deg: null },
      { range_m: null },
      { opening_deg: 360 },
    ])
      expect(coneFeatures([camera(blind)], EVERYWHERE).features).toHaveLength(0);
    expect(coneFeatures([camera({})], [2.31, 48, 3, 49]).features).toHaveLength(0);
    expect(coneFeatures([camera({ azimuth_deg: 0 })], EVERYWHERE).features).toHaveLength(1);
  });
});
