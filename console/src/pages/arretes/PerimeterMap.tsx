import "maplibre-gl/dist/maplibre-gl.css";
import type { FeatureCollection, Position } from "geojson";
import { type GeoJSONSource, Map as MapLibre, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { useEffect, useRef, useState } from "react";
import type { Contours } from "@/api/registry";
import { Empty } from "@/design/Panel";
import { useI18n } from "@/i18n/I18n";
import { boundsOf } from "@/pages/map/mapStyle";
import classes from "./ArretesPage.module.css";
import type { Surface } from "./ground";

setWorkerUrl(workerUrl);

const FIT = { padding: 28, duration: 0, maxZoom: 17 } as const;
const FRANCE: [number, number, number, number] = [-5, 42, 9, 51];

interface PerimeterMapProps {
  contours: Contours;
  /** What the arrêté protects: perimeter, or the discs of its positions. */
  surfaces: Surface[];
  /** Corners clicked so far, while somebody draws. */
  corners?: Position[];
  /** Told of each click on the map; absent: nothing can be drawn. */
  onCorner?: (corner: Position) => void;
}

/** Communes and protected ground, small; needs no network but our own API. */
export function PerimeterMap({ contours, surfaces, corners = [], onCorner }: PerimeterMapProps) {
  const { t } = useI18n();
  const frame = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapLibre | null>(null);
  const [unavailable, setUnavailable] = useState(false);
  const click = useRef(onCorner);
  click.current = onCorner;
  const draws = onCorner !== undefined;

  useEffect(() => {
    if (!frame.current) return;
    let made: MapLibre;
    try {
      made = new MapLibre({
        container: frame.current,
        style: {
          version: 8,
          sources: {
            communes: { type: "geojson", data: contours },
            ground: { type: "geojson", data: collection([]) },
            draft: { type: "geojson", data: collection([]) },
          },
          layers: [
            { id: "back", type: "background", paint: { "background-color": "#0a0d11" } },
            { id: "communes", type: "fill", source: "communes", paint: { "fill-color": "#182029" } },
            {
              id: "borders",
              type: "line",
              source: "communes",
              paint: { "line-color": "#46546a", "line-width": 1.2 },
            },
            {
              id: "ground",
              type: "fill",
              source: "ground",
              paint: { "fill-color": "#4d8cea", "fill-opacity": 0.28 },
            },
            {
              id: "edge",
              type: "line",
              source: "ground",
              paint: { "line-color": "#7fb0f5", "line-width": 2 },
            },
            {
              id: "draft-line",
              type: "line",
              source: "draft",
              paint: { "line-color": "#f2b13c", "line-width": 2, "line-dasharray": [2, 1.5] },
            },
            {
              id: "draft-corners",
              type: "circle",
              source: "draft",
              filter: ["==", ["geometry-type"], "Point"],
              paint: { "circle-color": "#f2b13c", "circle-radius": 4 },
            },
          ],
        },
        bounds: boundsOf(contours) ?? FRANCE,
        fitBoundsOptions: FIT,
        attributionControl: false,
        dragRotate: false,
        maxZoom: 19,
        fadeDuration: 0,
      });
    } catch {
      setUnavailable(true);
      return;
    }
    made.on("load", () => setMap(made));
    made.on("click", ({ lngLat }) => click.current?.([lngLat.lng, lngLat.lat]));
    made.doubleClickZoom.disable();
    return () => {
      setMap(null);
      made.remove();
    };
  }, [contours]);

  useEffect(() => {
    if (!map) return;
    map.getSource<GeoJSONSource>("ground")?.setData(collection(surfaces));
    const shown = boundsOf({
      type: "FeatureCollection",
      features: surfaces.map((geometry) => ({ type: "Feature", properties: {}, geometry })),
    });
    const box = shown ?? boundsOf(contours);
    if (box) map.fitBounds(box, FIT);
  }, [map, surfaces, contours]);

  useEffect(() => {
    map?.getSource<GeoJSONSource>("draft")?.setData(draftOf(corners));
  }, [map, corners]);

  useEffect(() => {
    if (map) map.getCanvas().style.cursor = draws ? "crosshair" : "";
  }, [map, draws]);

  if (unavailable) return <Empty title={t("map.unavailable")} />;
  return (
    <div
      ref={frame}
      className={classes.map}
      data-testid="perimeter-map"
      data-ready={map !== null}
      role="application"
      aria-label={t("arretes.map")}
    />
  );
}

function collection(surfaces: Surface[]): FeatureCollection {
  return {
    type: "FeatureCollection",
    features: surfaces.map((geometry) => ({ type: "Feature", properties: {}, geometry })),
  };
}

function draftOf(corners: Position[]): FeatureCollection {
  const points = corners.map((coordinates) => ({
    type: "Feature" as const,
    properties: {},
    geometry: { type: "Point" as const, coordinates },
  }));
  const line = {
    type: "Feature" as const,
    properties: {},
    geometry: { type: "LineString" as const, coordinates: corners },
  };
  return { type: "FeatureCollection", features: corners.length > 1 ? [...points, line] : points };
}
