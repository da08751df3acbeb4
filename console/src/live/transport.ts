import type { WhepFailure } from "./whep";

/** How pictures come: fragmented MP4 over a WebSocket, through any proxy, or WebRTC (WHEP), for lossy lines. */
export type Transport = "websocket" | "webrtc";

/** What a workstation wants. `auto` begins with the WebSocket and leaves it when the line proves lossy. */
export type TransportPreference = "auto" | Transport;

export const PREFERENCES: readonly TransportPreference[] = ["auto", "websocket", "webrtc"];

/** What tells that a line loses: the picture stood still, this end fell behind, or the connection was taken up anew. */
export type Trouble = "stall" | "overrun" | "reconnection";

export const LOSSY_TROUBLES = 3;
export const LOSSY_WITHIN_MS = 60_000;
/** A WebRTC failure that may pass bars WebRTC from the tile for so long. */
const BARRED_MS = 5 * 60_000;

/** What one tile knows of its transports. Times in ms of one clock. */
export interface TransportKnowledge {
  preference: TransportPreference;
  /** Whether this browser can do WebRTC at all. */
  supported: boolean;
  /** When the WebSocket was in trouble, oldest first. */
  troubles: readonly number[];
  /** Why WebRTC was left, and until when it is not tried again; null while nothing is known against it. */
  failure: WhepFailure | null;
  barredUntil: number;
}

export const fresh = (preference: TransportPreference, supported: boolean): TransportKnowledge => ({
  preference,
  supported,
  troubles: [],
  failure: null,
  barredUntil: Number.NEGATIVE_INFINITY,
});

/** Remember a trouble of the WebSocket; those that are too old to count are forgotten. */
export function troubled(known: TransportKnowledge, at: number): TransportKnowledge {
  return { ...known, troubles: [...known.troubles.filter((one) => at - one < LOSSY_WITHIN_MS), at] };
}

export function isLossy(troubles: readonly number[], at: number): boolean {
  return troubles.filter((one) => at - one < LOSSY_WITHIN_MS).length >= LOSSY_TROUBLES;
}

/** Whether trying the same thing later is of no use: another browser or another codec would be needed. */
export function isLasting(failure: WhepFailure): boolean {
  return failure.cause === "unsupported" || (failure.cause === "refused" && failure.problem.status === 415);
}

/** Remember that WebRTC failed. The troubles that led to it are forgotten: the WebSocket gets a new chance. */
export function whepFailed(known: TransportKnowledge, failure: WhepFailure, at: number): TransportKnowledge {
  const barredUntil = isLasting(failure) ? Number.POSITIVE_INFINITY : at + BARRED_MS;
  return { ...known, troubles: [], failure, barredUntil };
}

/** A person chose: what was known against WebRTC is forgotten, but for what this browser cannot do. */
export function preferring(known: TransportKnowledge, preference: TransportPreference): TransportKnowledge {
  return fresh(preference, known.supported);
}

/** Which transport to use next. In `auto` a tile stays with the WebRTC that it has come to. */
export function choose(known: TransportKnowledge, present: Transport | null, at: number): Transport {
  const possible = known.supported && at >= known.barredUntil;
  if (known.preference === "websocket" || !possible) return "websocket";
  if (known.preference === "webrtc") return "webrtc";
  return present === "webrtc" || isLossy(known.troubles, at) ? "webrtc" : "websocket";
}

/** Why a tile has not the transport that the workstation asks for; null when it has. */
export function fallbackOf(known: TransportKnowledge, present: Transport | null): WhepFailure | null {
  if (present !== "websocket" || known.preference === "websocket") return null;
  if (known.preference === "webrtc" && !known.supported) return { cause: "unsupported" };
  return known.failure;
}
