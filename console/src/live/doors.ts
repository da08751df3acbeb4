import {
  openSession,
  type Quality,
  releaseSession,
  renewLease,
  type SessionAsk,
  type StreamLease,
  type StreamSession,
  switchQuality,
} from "@/api/stream";
import { type Line, type LineCalls, openLine } from "./line";
import type { Transport } from "./transport";
import { WhepLine } from "./whep";
import { isOverloaded } from "./workload";

/** What a player needs of the world; a test brings its own. */
export interface Doors {
  openSession: (ask: SessionAsk, signal: AbortSignal) => Promise<StreamSession>;
  renewLease: (id: string, signal: AbortSignal) => Promise<StreamLease>;
  switchQuality: (id: string, quality: Quality, signal: AbortSignal) => Promise<StreamSession>;
  releaseSession: (id: string) => Promise<void>;
  openLine: (transport: Transport, video: HTMLVideoElement, session: StreamSession, calls: LineCalls) => Line;
  /** Whether this browser can do WebRTC at all. */
  webrtc: () => boolean;
  /** Whether this workstation, not the line, is what fails. */
  overloaded: () => boolean;
  /** Ms of a clock that only goes forward. */
  now: () => number;
  hidden: () => boolean;
  whenShown: (call: () => void, signal: AbortSignal) => void;
}

export const BROWSER_DOORS: Doors = {
  openSession,
  renewLease,
  switchQuality,
  releaseSession,
  openLine,
  webrtc: () => WhepLine.supported(),
  overloaded: isOverloaded,
  now: () => performance.now(),
  hidden: () => document.hidden,
  whenShown: (call, signal) => document.addEventListener("visibilitychange", call, { once: true, signal }),
};
