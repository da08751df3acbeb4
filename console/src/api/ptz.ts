import { call } from "./http";

/** Speeds, each from -1 to 1 of the camera's own maximum. */
export interface Velocity {
  pan: number;
  tilt: number;
  zoom: number;
}

/** A key held or a stick pushed: commands of it that arrive late are dropped by the gateway. */
export interface Gesture {
  gesture: string;
  order: number;
}

export interface PtzAnswer {
  holder_id: string;
  holder_name: string;
  held_until: string;
  /** False when a newer command took its place. */
  sent: boolean;
}

export interface PtzHolder {
  holder_id: string;
  holder_name: string;
  rank: string;
  held_until: string;
  remaining_seconds: number;
  mine: boolean;
}

export interface PtzState {
  camera_id: string;
  holder: PtzHolder | null;
  may_command: boolean;
  may_take_over: boolean;
  tour: { tour_id: string; name: string; next_preset: number } | null;
  position: { pan: number; tilt: number; zoom: number; moving: boolean } | null;
  calibrated: boolean;
}

export interface PtzPreset {
  name: string;
  /** Null: only the camera knows it. */
  number: number | null;
  token: string | null;
  on_camera: boolean;
  reachable: boolean;
}

export interface PtzTour {
  tour_id: string;
  name: string;
  presets: number[];
  runnable: boolean;
}

export interface PtzPresets {
  items: PtzPreset[];
  tours: PtzTour[];
  camera_answered: boolean;
}

const ptz = (cameraId: string, path = ""): string =>
  `/api/stream/cameras/${encodeURIComponent(cameraId)}/ptz${path}`;

export const fetchPtz = (cameraId: string, signal: AbortSignal): Promise<PtzState> =>
  call("GET", ptz(cameraId), { signal });

export const fetchPtzPresets = (cameraId: string, signal: AbortSignal): Promise<PtzPresets> =>
  call("GET", ptz(cameraId, "/presets"), { signal });

/** Moves for `durationMs`, unless it is repeated: should the console vanish, the camera stops by itself. */
export const movePtz = (
  cameraId: string,
  velocity: Velocity,
  durationMs: number,
  gesture: Gesture,
): Promise<PtzAnswer> =>
  call("POST", ptz(cameraId), { body: { ...velocity, duration_ms: durationMs, ...gesture } });

/** `keepalive`: the request is sent even while the page goes away. */
export const stopPtz = (cameraId: string, gesture: Gesture): Promise<PtzAnswer> =>
  call("POST", ptz(cameraId, "/stop"), { body: gesture, keepalive: true });

export const goToPreset = (cameraId: string, preset: PtzPreset): Promise<PtzAnswer> =>
  call("POST", ptz(cameraId, "/goto"), {
    body: preset.number === null ? { token: preset.token } : { number: preset.number },
  });

export const goHome = (cameraId: string): Promise<PtzAnswer> =>
  call("POST", ptz(cameraId, "/home"), { body: {} });

export const takePtz = (cameraId: string, motive: string): Promise<PtzAnswer> =>
  call("POST", ptz(cameraId, "/take"), { body: { motive_text: motive } });

export const releasePtz = (cameraId: string): Promise<void> => call("DELETE", ptz(cameraId));

export const startTour = (cameraId: string, tourId: string): Promise<unknown> =>
  call("POST", ptz(cameraId, "/tour"), { body: { tour_id: tourId } });

export const endTour = (cameraId: string): Promise<void> => call("DELETE", ptz(cameraId, "/tour"));
