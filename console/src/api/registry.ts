import type { FeatureCollection, MultiPolygon, Polygon } from "geojson";
import { allPages, call, type Page } from "./http";

export interface Commune {
  insee: string;
  name: string;
  centre: [number, number];
}

export interface Camera {
  camera_id: string;
  code: string;
  label: string;
  insee: string;
  commune: string;
  site_id: string;
  kind: string;
  status: string;
  lon: number;
  lat: number;
  has_ptz: boolean;
  has_stream: boolean;
  online: boolean | null;
  /** Degrees and metres; null where nobody measured it. Older registries do not send them. */
  azimuth_deg?: number | null;
  opening_deg?: number | null;
  range_m?: number | null;
  /** Whether somebody signed its masks: without that nobody watches it live. */
  masks_signed?: boolean;
  authorisation: { arrete_number: string; valid_until: string; mode: string } | null;
}

export type Contours = FeatureCollection<Polygon | MultiPolygon, { insee?: string; name?: string }>;

/** Largest inventory one screen loads; a département has fewer public cameras. */
const CAMERAS_AT_MOST = 20_000;

export const fetchCommunes = async (): Promise<Commune[]> =>
  (await call<Page<Commune>>("GET", "/api/registry/communes")).items;

export const fetchContours = (): Promise<Contours> => call("GET", "/api/registry/communes/contours");

export const fetchCameras = (signal?: AbortSignal): Promise<Camera[]> =>
  allPages("/api/registry/cameras", { limit: 5000 }, CAMERAS_AT_MOST, signal);
