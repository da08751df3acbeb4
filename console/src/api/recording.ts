import { call, type Page } from "./http";

export type NodeState = "active" | "spare" | "draining" | "stopped";

/** A media node as its last heartbeat tells. `communes` empty: serves all. `camera_ids`: of the caller's communes. */
export interface MediaNode {
  node_id: string;
  state: NodeState;
  alive: boolean;
  heard_seconds_ago: number;
  started_at: string;
  version: string;
  communes: string[];
  capacity: number;
  cameras: number;
  camera_ids: string[];
}

export type RecorderState = "starting" | "recording" | "lost" | "stopped";

/** A recorder's last report; size, `fps` and `kbps` are those of the last segment. */
export interface Recorder {
  camera_id: string;
  state: RecorderState | string;
  reason: string;
  last_byte_at: string | null;
  last_segment_at: string | null;
  restarts: number;
  seen_at: string;
  node_id: string;
  engine: string | null;
  /** Why not the native engine pulls the camera, in French. */
  engine_reason: string | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  kbps: number | null;
  /** The camera's clock minus ours. */
  clock_offset_ms: number | null;
}

export interface LedgerGap {
  started_at: string;
  ended_at: string;
  cause: string;
}

/** Time that the camera was asked for of its own recording; an empty `reason`: it came and was stored. */
export interface LedgerEdge {
  started_at: string;
  ended_at: string;
  times: number;
  reason: string;
}

/** `expected_seconds` = recorded + gap + open; `open_seconds` is not accounted for yet. */
export interface LedgerLine {
  camera_id: string;
  label: string;
  insee: string;
  expected_seconds: number;
  recorded_seconds: number;
  gap_seconds: number;
  open_seconds: number;
  gaps: LedgerGap[];
  edge: LedgerEdge[];
}

export interface LedgerDay extends Page<LedgerLine> {
  day: string;
}

export interface LedgerQuestion {
  day: string;
  camera_id: string | null;
  after: string | null;
}

const node = (id: string): string => `/api/stream/nodes/${encodeURIComponent(id)}`;

export const fetchNodes = async (signal: AbortSignal): Promise<MediaNode[]> =>
  (await call<Page<MediaNode>>("GET", "/api/stream/nodes", { signal })).items;

export const drainNode = (id: string): Promise<void> => call("POST", `${node(id)}/drain`);

export const activateNode = (id: string): Promise<void> => call("POST", `${node(id)}/activate`);

export const fetchRecorders = async (signal: AbortSignal): Promise<Recorder[]> =>
  (await call<Page<Recorder>>("GET", "/api/stream/recorders", { signal })).items;

export const fetchLedger = (question: LedgerQuestion, signal: AbortSignal): Promise<LedgerDay> =>
  call("GET", "/api/stream/ledger", { query: { ...question }, signal });
