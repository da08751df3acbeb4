import { call, withQuery } from "./http";

export interface Trouble {
  kind: string;
  title: string;
  since: string;
  detail: string;
  what_to_do: string;
  alarm: boolean;
}

export interface StreamQuality {
  codec: string;
  width: number | null;
  height: number | null;
  fps: number | null;
  minimum: string;
  citation: string;
  shortfalls: string[];
}

export interface CameraHealth {
  camera_id: string;
  code: string;
  label: string;
  insee: string;
  commune: string;
  online: boolean | null;
  since: string | null;
  watched_by: string | null;
  checked_at: string | null;
  looked_at: string | null;
  look_error: string;
  clock_offset_s: number | null;
  quality: StreamQuality | null;
  troubles: Trouble[];
  ticket_id: string | null;
}

export interface FleetHealth {
  at: string;
  counts: {
    expected: number;
    online: number;
    lost: number;
    unknown: number;
    troubled: number;
    set_aside: number;
    by_kind: { kind: string; title: string; number: number }[];
  };
  items: CameraHealth[];
  next_cursor: string | null;
}

export interface AvailabilityRow {
  insee: string | null;
  commune: string | null;
  camera_id: string | null;
  label: string;
  cameras: number;
  followed_s: number;
  planned_s: number;
  unavailable_s: number;
  available_s: number;
  rate: number | null;
}

export interface AvailabilityTable {
  month: string;
  until: string;
  total: AvailabilityRow;
  items: AvailabilityRow[];
}

const HEALTH = "/api/registry/health";

export const fetchFleetHealth = (signal?: AbortSignal): Promise<FleetHealth> =>
  call<FleetHealth>("GET", HEALTH, { query: { limit: 1000 }, ...(signal ? { signal } : {}) });

export const fetchAvailability = (month: string): Promise<AvailabilityTable> =>
  call<AvailabilityTable>("GET", `${HEALTH}/availability`, { query: { month } });

/** Where the browser downloads the same table; the session travels in its cookie. */
export const availabilityFile = (month: string, cameras: boolean): string =>
  withQuery(`${HEALTH}/availability.csv`, { month, cameras });
