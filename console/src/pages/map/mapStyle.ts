import type { FeatureCollection, Point } from "geojson";
import type { ExpressionSpecification, StyleSpecification } from "maplibre-gl";
import type { Camera, Contours } from "@/api/registry";
import { type CameraState, COLOUR_OF_STATE, cameraState } from "@/cameras/state";

export interface CameraProperties {
  camera_id: string;
  state: CameraState;
}

/** Installed on every machine; the map draws text with local fonts because no style here names a glyph server. */
const FONT = ["DejaVu Sans", "Segoe UI", "Arial"];
/** From here on every camera stands alone. */
export const CLUSTER_MAX_ZOOM = 15;

const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

const stateColour: ExpressionSpecification = [
  "match",
  ["get", "state"],
  "online",
  COLOUR_OF_STATE.online,
  "offline",
  COLOUR_OF_STATE.offline,
  "unknown",
  COLOUR_OF_STATE.unknown,
  COLOUR_OF_STATE.no_stream,
];

export function cameraFeatures(cameras: readonly Camera[]): FeatureCollection<Point, CameraProperties> {
  return {
    type: "FeatureCollection",
    features: cameras.map((camera) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [camera.lon, camera.lat] },
      properties: { camera_id: camera.camera_id, state: cameraState(camera) },
    })),
  };
}

/** A style without a single remote address: contours and cameras, drawn from our own API. */
export function mapStyle(contours: Contours): StyleSpecification {
  return {
    version: 8,
    sources: {
      communes: { type: "geojson", data: contours },
      names: { type: "geojson", data: namePoints(contours) },
      cones: { type: "geojson", data: NOTHING },
      coverage: { type: "geojson", data: NOTHING },
      cameras: {
        type: "geojson",
        data: cameraFeatures([]),
        cluster: true,
        clusterRadius: 38,
        clusterMaxZoom: CLUSTER_MAX_ZOOM,
        clusterProperties: {
          online: ["+", ["case", ["==", ["get", "state"], "online"], 1, 0]],
          offline: ["+", ["case", ["==", ["get", "state"], "offline"], 1, 0]],
        },
      },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#0a0d11" } },
      {
        id: "communes",
        type: "fill",
        source: "communes",
        paint: { "fill-color": "#182029" },
      },
      {
        id: "borders",
        type: "line",
        source: "communes",
        paint: { "line-color": "#46546a", "line-width": 1.2 },
      },
      {
        id: "cones",
        type: "fill",
        source: "cones",
        paint: { "fill-color": stateColour, "fill-opacity": 0.13 },
      },
      {
        id: "cone-edges",
        type: "line",
        source: "cones",
        paint: { "line-color": stateColour, "line-opacity": 0.35, "line-width": 1 },
      },
      {
        id: "coverage",
        type: "fill",
        source: "coverage",
        paint: { "fill-color": "#7fb0f5", "fill-opacity": 0.22 },
      },
      {
        id: "coverage-edge",
        type: "line",
        source: "coverage",
        // Fainter where nobody said where it looks: this is all it could cover.
        paint: {
          "line-color": "#7fb0f5",
          "line-width": 1.5,
          "line-opacity": ["match", ["get", "shape"], "inconnu", 0.45, 0.95],
        },
      },
      {
        id: "clusters",
        type: "circle",
        source: "cameras",
        filter: ["has", "point_count"],
        paint: {
          "circle-color": "#2b3a4d",
          "circle-radius": ["interpolate", ["linear"], ["get", "point_count"], 2, 11, 40, 17, 300, 24],
          "circle-stroke-width": 2.5,
          // The ring tells what is inside: mostly broken, something to watch, or nothing that streams.
          "circle-stroke-color": [
            "case",
            [">", ["get", "offline"], ["get", "online"]],
            COLOUR_OF_STATE.offline,
            [">", ["get", "online"], 0],
            COLOUR_OF_STATE.online,
            "#5d6b7e",
          ],
        },
      },
      {
        id: "cameras",
        type: "circle",
        source: "cameras",
        filter: ["!", ["has", "point_count"]],
        // On one mast the camera that can be watched lies on top and takes the click.
        layout: {
          "circle-sort-key": ["match", ["get", "state"], "online", 3, "unknown", 2, "offline", 1, 0],
        },
        paint: {
          "circle-color": ["match", ["get", "state"], "offline", "#0a0d11", stateColour],
          "circle-radius": ["match", ["get", "state"], "no_stream", 4, 6.5],
          "circle-stroke-width": ["match", ["get", "state"], "offline", 3, 1.5],
          "circle-stroke-color": ["match", ["get", "state"], "offline", COLOUR_OF_STATE.offline, "#0a0d11"],
        },
      },
      {
        id: "chosen",
        type: "circle",
        source: "cameras",
        filter: ["==", ["get", "camera_id"], ""],
        paint: {
          "circle-radius": 12,
          "circle-color": "rgba(0,0,0,0)",
          "circle-stroke-width": 2.5,
          "circle-stroke-color": "#7fb0f5",
        },
      },
      {
        id: "commune-names",
        type: "symbol",
        source: "names",
        layout: {
          "text-field": ["get", "name"],
          "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
          "text-radial-offset": 1.8,
          "text-font": FONT,
          "text-size": ["interpolate", ["linear"], ["zoom"], 10, 10, 14, 14],
          "text-max-width": 8,
        },
        paint: { "text-color": "#b9c4d2", "text-halo-color": "#0a0d11", "text-halo-width": 1.4 },
      },
      {
        id: "cluster-counts",
        type: "symbol",
        source: "cameras",
        filter: ["has", "point_count"],
        layout: {
          "text-field": ["get", "point_count_abbreviated"],
          "text-font": FONT,
          "text-size": 11.5,
          "text-allow-overlap": true,
        },
        paint: { "text-color": "#f2f5f9" },
      },
    ],
  };
}

/** One point per commune to write its name at; a name on the polygon itself would repeat in every map tile. */
function namePoints(contours: Contours): FeatureCollection<Point, { name: string }> {
  return {
    type: "FeatureCollection",
    features: contours.features.flatMap((feature) => {
      const box = boundsOf({ type: "FeatureCollection", features: [feature] });
      if (!box) return [];
      const [west, south, east, north] = box;
      return [
        {
          type: "Feature" as const,
          geometry: { type: "Point" as const, coordinates: [(west + east) / 2, (south + north) / 2] },
          properties: { name: feature.properties.name ?? "" },
        },
      ];
    }),
  };
}

type Bounds = [west: number, south: number, east: number, north: number];

/** Smallest box around the contours; null when there are none. */
export function boundsOf(contours: Contours): Bounds | null {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (coordinates: unknown): void => {
    if (!Array.isArray(coordinates)) return;
    const [lon, lat] = coordinates as unknown[];
    if (typeof lon === "number" && typeof lat === "number") {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    } else for (const inner of coordinates) visit(inner);
  };
  for (const { geometry } of contours.features) visit(geometry.coordinates);
  return box.every(Number.isFinite) ? box : null;
}
