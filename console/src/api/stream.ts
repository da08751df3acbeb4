import { call } from "./http";

export type Quality = "main" | "sub";

export interface SessionAsk {
  camera_id: string;
  quality: Quality;
  motive_code?: string;
  motive_text?: string;
  incident_id?: string;
}

export interface StreamSession {
  session_id: string;
  camera_id: string;
  token: string;
  expires_at: string;
  websocket_path: string;
}

export interface PtzMove {
  pan: number;
  tilt: number;
  zoom: number;
  duration_ms: number;
}

const session = (id: string): string => `/api/stream/sessions/${encodeURIComponent(id)}`;

export const openSession = (ask: SessionAsk, signal: AbortSignal): Promise<StreamSession> =>
  call("POST", "/api/stream/sessions", { body: ask, signal });

export const renewLease = (id: string, signal: AbortSignal): Promise<{ token: string; expires_at: string }> =>
  call("POST", `${session(id)}/lease`, { signal });

/** `keepalive`: the request is sent even while the page goes away. */
export const releaseSession = (id: string): Promise<void> => call("DELETE", session(id), { keepalive: true });

export const movePtz = (cameraId: string, move: PtzMove): Promise<void> =>
  call("POST", `/api/stream/cameras/${encodeURIComponent(cameraId)}/ptz`, { body: move });
