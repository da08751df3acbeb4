import type { StreamSession } from "@/api/stream";
import { SocketLine } from "./socketLine";
import type { Transport, Trouble } from "./transport";
import { type WhepFailure, WhepLine } from "./whep";

/** How a line ended by itself. */
export type LineEnd =
  | { kind: "closed"; code: number; reason: string }
  | { kind: "ended"; reason: string | null }
  | { kind: "broken"; reason: string }
  | { kind: "unsupported"; mime: string }
  | { kind: "whep"; failure: WhepFailure };

export interface LineCalls {
  /** A frame is on screen: the first one, and the first one after each interruption. */
  onFirstFrame: () => void;
  /** No picture yet, or none any more, and the line lives. */
  onWaiting: (phase: "connecting" | "buffering" | "reconnecting", reason: string | null) => void;
  onTrouble: (trouble: Trouble) => void;
  /** At most once, and never after `stop`. The line has let go of its video already. */
  onEnd: (end: LineEnd) => void;
}

/** One connection that shows a session's pictures in one `<video>`. It opens no session and never tries again. */
export interface Line {
  start: () => void;
  /** Age in ms of the picture on screen, null before the first one. */
  frameAge: () => number | null;
  /** The server has taken this session: it is good, keep it after a cut. */
  readonly admitted: boolean;
  /**
   * Keep the last picture and tell nothing any more: the next line of the same session takes over. Absent where the
   * gateway lets two lines of one session live.
   */
  hold?: () => void;
  stop: () => void;
}

export function openLine(
  transport: Transport,
  video: HTMLVideoElement,
  session: StreamSession,
  calls: LineCalls,
): Line {
  return transport === "webrtc"
    ? whepAsLine(video, session, calls)
    : new SocketLine(video, session.websocket_path, session.token, calls);
}

function whepAsLine(video: HTMLVideoElement, session: StreamSession, calls: LineCalls): Line {
  const whep = new WhepLine(video, session, {
    onFirstFrame: calls.onFirstFrame,
    onFailure: (failure) => calls.onEnd({ kind: "whep", failure }),
  });
  return {
    start: () => whep.start(),
    frameAge: () => whep.frameAge(),
    // Whatever ails WebRTC, the session is taken up again by the WebSocket, which is told if it is over.
    admitted: true,
    hold: () => whep.hold(),
    stop: () => whep.stop(),
  };
}
