import type { MultiPolygon, Polygon, Position } from "geojson";
import type { ListedPosition } from "@/api/arretes";

export type Surface = Polygon | MultiPolygon;

const METRES_PER_DEGREE = 111_320;
const CIRCLE_CORNERS = 32;
const MIN_CORNERS = 3;

/** What was pasted, if it is a JSON object at all; the server says what is wrong with its shapes. */
export function parseGeoJson(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The polygons of any GeoJSON object, to show it on a map before it is sent. */
export function surfacesOf(value: object | null): Surface[] {
  if (!value) return [];
  const { type, geometry, features } = value as { type?: string; geometry?: object; features?: object[] };
  if (type === "FeatureCollection" && Array.isArray(features)) return features.flatMap(surfacesOf);
  if (type === "Feature") return surfacesOf(geometry ?? null);
  return type === "Polygon" || type === "MultiPolygon" ? [value as Surface] : [];
}

/** Corners that were clicked, as a closed ring; null while there are too few. */
export function closedPolygon(corners: Position[]): Polygon | null {
  const first = corners[0];
  if (!first || corners.length < MIN_CORNERS) return null;
  return { type: "Polygon", coordinates: [[...corners, first]] };
}

/** One more polygon beside those that are there. */
export function withPolygon(surfaces: Surface[], added: Polygon): MultiPolygon {
  const known = surfaces.flatMap((one) => (one.type === "Polygon" ? [one.coordinates] : one.coordinates));
  return { type: "MultiPolygon", coordinates: [...known, added.coordinates] };
}

/** A listed position as the disc it stands for. */
export function discOf({ lon, lat, radius_m }: ListedPosition): Polygon {
  const north = radius_m / METRES_PER_DEGREE;
  const east = north / Math.cos((lat * Math.PI) / 180);
  const ring = Array.from({ length: CIRCLE_CORNERS }, (_, i) => {
    const turn = (2 * Math.PI * i) / CIRCLE_CORNERS;
    return [lon + east * Math.cos(turn), lat + north * Math.sin(turn)];
  });
  return { type: "Polygon", coordinates: [[...ring, ring[0] ?? [lon, lat]]] };
}

const DEFAULT_RADIUS_M = 30;

/** "lon ; lat ; radius ; label", one position a line; null as soon as one line is not that. */
export function parsePositions(text: string): ListedPosition[] | null {
  const positions: ListedPosition[] = [];
  for (const line of text.split("\n").filter((raw) => raw.trim() !== "")) {
    const [lon, lat, radius, ...label] = line.split(";").map((cell) => cell.trim());
    const numbers = [lon, lat, radius || String(DEFAULT_RADIUS_M)].map((cell) =>
      Number(cell?.replace(",", ".")),
    );
    if (!lat || numbers.some((value) => !Number.isFinite(value))) return null;
    const [x = 0, y = 0, metres = 0] = numbers;
    positions.push({ lon: x, lat: y, radius_m: metres, label: label.join(";") });
  }
  return positions;
}

export const positionsText = (positions: ListedPosition[]): string =>
  positions.map(({ lon, lat, radius_m, label }) => `${lon} ; ${lat} ; ${radius_m} ; ${label}`).join("\n");
