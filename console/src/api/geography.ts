import type { Feature, MultiPolygon, Polygon } from "geojson";
import { call, type Page } from "./http";
import type { Camera } from "./registry";

export interface CoverageProperties {
  camera_id: string;
  shape: "cone" | "disque" | "inconnu";
  range_m: number;
  measured: boolean;
  buildings: number;
}

export type Coverage = Feature<Polygon | MultiPolygon, CoverageProperties>;

/** A camera that has a place in view, and why it is proposed. */
export interface NearCamera extends Camera {
  why: "ptz" | "voit" | "proche";
  distance_m: number;
  bearing_deg: number;
}

export interface Place {
  lon: number;
  lat: number;
}

export const fetchCoverage = (cameraId: string, signal?: AbortSignal): Promise<Coverage> =>
  call("GET", `/api/registry/cameras/${encodeURIComponent(cameraId)}/coverage`, signal ? { signal } : {});

export const fetchSeeing = async (place: Place, signal?: AbortSignal): Promise<NearCamera[]> =>
  (
    await call<Page<NearCamera>>("GET", "/api/registry/cameras/seeing", {
      query: { lon: place.lon, lat: place.lat, limit: 30 },
      ...(signal ? { signal } : {}),
    })
  ).items;
