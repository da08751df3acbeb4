import type { FeatureCollection, Polygon } from "geojson";
import type { Camera } from "@/api/registry";
import { type CameraState, cameraState } from "@/cameras/state";

/** From here on the cones of the cameras in sight are drawn. */
export const CONES_FROM_ZOOM = 16;

/** Metres of a degree of latitude: good to 0.5 % everywhere in France, enough for a drawing. */
const METRES_PER_DEGREE = 111_200;
const STEP_DEG = 6;

type Bounds = readonly [west: number, south: number, east: number, north: number];

/** Corners of a cone: the camera, the arc, the camera again. */
export function coneRing(
  { lon, lat }: Pick<Camera, "lon" | "lat">,
  azimuthDeg: number,
  openingDeg: number,
  rangeM: number,
): [number, number][] {
  const high = rangeM / METRES_PER_DEGREE;
  const wide = high / Math.cos((lat * Math.PI) / 180);
  const steps = Math.max(2, Math.ceil(openingDeg / STEP_DEG));
  const arc = Array.from({ length: steps + 1 }, (_, step): [number, number] => {
    const bearing = ((azimuthDeg - openingDeg / 2 + (openingDeg * step) / steps) * Math.PI) / 180;
    return [lon + wide * Math.sin(bearing), lat + high * Math.cos(bearing)];
  });
  return [[lon, lat], ...arc, [lon, lat]];
}

/** The cones of the cameras within bounds whose azimuth is known; domes and panoramics look all round and have none. */
export function coneFeatures(
  cameras: readonly Camera[],
  [west, south, east, north]: Bounds,
): FeatureCollection<Polygon, { state: CameraState }> {
  return {
    type: "FeatureCollection",
    features: cameras.flatMap((camera) => {
      const { lon, lat, azimuth_deg: azimuth, opening_deg: opening, range_m: range } = camera;
      if (azimuth == null || opening == null || range == null || opening >= 360) return [];
      if (lon < west || lon > east || lat < south || lat > north) return [];
      return [
        {
          type: "Feature" as const,
          geometry: {
            type: "Polygon" as const,
            coordinates: [coneRing(camera, azimuth, opening, range)],
          },
          properties: { state: cameraState(camera) },
        },
      ];
    }),
  };
}
