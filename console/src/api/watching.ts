import { call } from "./http";

export interface WatchingViewer {
  session_id: string;
  agent_id: string;
  agent_name: string;
  role: string;
  organisation: string;
  since: string;
  quality: string;
  incident_id: string | null;
  ticket_id: string | null;
  station: string;
  transport: string | null;
}

export interface WatchedCamera {
  camera_id: string;
  label: string;
  insee: string;
  viewers: WatchingViewer[];
}

export interface Watching {
  at: string;
  cameras: WatchedCamera[];
  sessions: number;
  agents: number;
}

export const fetchWatching = (): Promise<Watching> => call("GET", "/api/stream/watching");

export const endViewing = (sessionId: string, motive: string): Promise<void> =>
  call("DELETE", `/api/stream/watching/${encodeURIComponent(sessionId)}`, {
    body: { motive_text: motive },
  });

/** Keep cameras warm that will be watched in a moment; no image, so a failure is no news. */
export const prewarm = (cameraIds: string[], reason: "incident" | "ronde" | "carte"): Promise<void> =>
  call("POST", "/api/stream/prewarm", { body: { camera_ids: cameraIds, reason } });
