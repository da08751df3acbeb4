import { call } from "./http";

export type Quality = "main" | "sub";

export interface SessionAsk {
  camera_id: string;
  quality: Quality;
  motive_code?: string;
  motive_text?: string;
  incident_id?: string;
}

/** Each token opens one transport, within 60 s. */
export interface StreamLease {
  token: string;
  whep_token: string;
  expires_at: string;
}

export interface StreamSession extends StreamLease {
  session_id: string;
  camera_id: string;
  websocket_path: string;
  whep_path: string;
}

const session = (id: string): string => `/api/stream/sessions/${encodeURIComponent(id)}`;

export const openSession = (ask: SessionAsk, signal: AbortSignal): Promise<StreamSession> =>
  call("POST", "/api/stream/sessions", { body: ask, signal });

export const renewLease = (id: string, signal: AbortSignal): Promise<StreamLease> =>
  call("POST", `${session(id)}/lease`, { signal });

/** Go on with the other stream of the same camera, in the same session: its register row is written first. */
export const switchQuality = (id: string, quality: Quality, signal: AbortSignal): Promise<StreamSession> =>
  call("POST", `${session(id)}/quality`, { body: { quality }, signal });

/** `keepalive`: the request is sent even while the page goes away. */
export const releaseSession = (id: string): Promise<void> => call("DELETE", session(id), { keepalive: true });
