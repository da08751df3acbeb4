import type { Problem } from "@/api/problem";
import type { Quality } from "@/api/stream";
import type { Transport } from "./transport";
import type { WhepFailure } from "./whep";

/** Why a tile shows what it shows: there is no black tile without one of these. */
export type PlayerPhase =
  | "opening"
  | "connecting"
  | "buffering"
  | "live"
  | "reconnecting"
  | "refused"
  | "ended"
  | "unsupported";

/** A stream that was asked for and not had: the picture of before stays. */
export interface Kept {
  wanted: Quality;
  problem: Problem | null;
  reason: string | null;
}

/** Of the picture on screen, never of one that is being prepared behind it. */
export interface PlayerState {
  phase: PlayerPhase;
  /** Of a refusal or a failed opening. */
  problem: Problem | null;
  /** Word of the server for a state or an ending. */
  reason: string | null;
  attempt: number;
  transport: Transport | null;
  /** Why this is not the transport that the workstation asks for. */
  fallback: WhepFailure | null;
  kept: Kept | null;
}

export const OPENING: PlayerState = {
  phase: "opening",
  problem: null,
  reason: null,
  attempt: 0,
  transport: null,
  fallback: null,
  kept: null,
};
