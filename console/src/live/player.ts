import { asProblem, type Problem, ProblemError } from "@/api/problem";
import { openSession, type Quality, releaseSession, renewLease, type StreamSession } from "@/api/stream";
import { backoffDelay } from "./backoff";
import { FrameClock } from "./frameClock";
import { MediaPipe } from "./mediaPipe";

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

export interface PlayerState {
  phase: PlayerPhase;
  /** Of a refusal or a failed opening. */
  problem: Problem | null;
  /** Word of the server for a state or an ending. */
  reason: string | null;
  attempt: number;
}

interface ServerMessage {
  type: "init" | "state";
  codec?: string;
  mime?: string;
  state?: "live" | "reconnecting" | "ended";
  reason?: string | null;
}

/** Lease is 30 s on the server. */
const RENEW_MS = 10_000;
/** Fragments come several times a second, and the server tells of a lost camera within 8 s. */
const SILENCE_MS = 12_000;
/** While the server itself says that it tries again, there is no use in asking anew. */
const SERVER_RETRIES_MS = 60_000;
const CLOSE_RELEASED = 1000;
const CLOSE_REFUSED = 4403;
const CLOSE_REVOKED = 4410;

/** Watches one camera in one `<video>`: session, lease, WebSocket, media, reconnection. No React in here. */
export class LivePlayer {
  private readonly stopped = new AbortController();
  private readonly clock: FrameClock;
  private pipe: MediaPipe | null = null;
  private session: StreamSession | null = null;
  private socket: WebSocket | null = null;
  /** Something came from the server on this connection: the session is good, keep it after a cut. */
  private admitted = false;
  private shown = false;
  private patience = SILENCE_MS;
  private leaseTimer: ReturnType<typeof setInterval> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private state: PlayerState = { phase: "opening", problem: null, reason: null, attempt: 0 };

  private readonly video: HTMLVideoElement;
  private readonly cameraId: string;
  private readonly quality: Quality;
  private readonly onState: (state: PlayerState) => void;

  constructor(
    video: HTMLVideoElement,
    cameraId: string,
    quality: Quality,
    onState: (state: PlayerState) => void,
  ) {
    this.video = video;
    this.cameraId = cameraId;
    this.quality = quality;
    this.onState = onState;
    this.clock = new FrameClock(video, () => {
      this.shown = true;
      this.become({ phase: "live", problem: null, reason: null, attempt: 0 });
    });
    window.addEventListener("pagehide", this.release);
  }

  start(): void {
    void this.open();
  }

  /** Age in ms of the picture on screen, null before the first one. */
  frameAge(): number | null {
    return this.clock.age(performance.now(), this.pipe?.edge ?? null);
  }

  stop(): void {
    if (this.stopped.signal.aborted) return;
    this.stopped.abort();
    window.removeEventListener("pagehide", this.release);
    this.disconnect();
    this.clock.stop();
    this.release();
  }

  private readonly release = (): void => {
    const { session } = this;
    this.session = null;
    clearInterval(this.leaseTimer);
    // Nothing to tell anybody: an unreleased lease ends by itself within 30 s.
    if (session) releaseSession(session.session_id).catch(() => undefined);
  };

  private become(change: Partial<PlayerState>): void {
    this.state = { ...this.state, ...change };
    if (!this.stopped.signal.aborted) this.onState(this.state);
  }

  private async open(): Promise<void> {
    const { signal } = this.stopped;
    try {
      const session = await this.openOrRenew(signal);
      if (signal.aborted) {
        void releaseSession(session.session_id).catch(() => undefined);
        return;
      }
      this.session = session;
      this.keepLease(session.session_id);
      this.connect(session);
    } catch (error) {
      if (!signal.aborted) this.openFailed(error);
    }
  }

  /** After a cut the same session is taken up again, so that one watch stays one line of the register. */
  private async openOrRenew(signal: AbortSignal): Promise<StreamSession> {
    const { session } = this;
    if (session) {
      try {
        return { ...session, ...(await renewLease(session.session_id, signal)) };
      } catch (error) {
        if (!(error instanceof ProblemError) || error.status === 0) throw error;
        this.session = null;
      }
    }
    return openSession({ camera_id: this.cameraId, quality: this.quality }, signal);
  }

  private openFailed(error: unknown): void {
    const problem = asProblem(error);
    const final = problem.status === 403 || problem.status === 404 || problem.status === 401;
    if (final) this.become({ phase: "refused", problem });
    else this.retry(problem, null);
  }

  private keepLease(id: string): void {
    clearInterval(this.leaseTimer);
    this.leaseTimer = setInterval(() => {
      renewLease(id, this.stopped.signal).catch((error: unknown) => {
        // The socket's close code tells why a renewal is refused; a lost request is tried again in 10 s.
        if (error instanceof ProblemError && error.status >= 400) this.session = null;
      });
    }, RENEW_MS);
  }

  private connect(session: StreamSession): void {
    this.become({ phase: "connecting" });
    const url = new URL(session.websocket_path, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.admitted = false;
    this.patience = SILENCE_MS;
    this.expectSound();
    socket.onopen = () => socket.send(JSON.stringify({ token: session.token }));
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.admitted = true;
      this.expectSound();
      if (typeof data === "string") this.receive(JSON.parse(data) as ServerMessage);
      else this.pipe?.append(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket === socket) this.closed(code, reason);
    };
  }

  private receive(message: ServerMessage): void {
    if (message.type === "init") this.beginMedia(message.mime ?? "");
    else if (message.state === "ended") this.become({ phase: "ended", reason: message.reason ?? null });
    else if (message.state === "reconnecting") {
      this.patience = SERVER_RETRIES_MS;
      this.expectSound();
      this.clock.restart();
      const phase = this.shown ? "reconnecting" : "connecting";
      this.become({ phase, problem: null, reason: message.reason ?? null });
    }
    // "live" is believed when a frame is on screen, not before.
  }

  private beginMedia(mime: string): void {
    this.pipe?.close();
    this.clock.restart();
    this.patience = SILENCE_MS;
    if (!MediaPipe.plays(mime)) {
      this.pipe = null;
      this.disconnect();
      this.become({ phase: "unsupported", reason: mime });
      return;
    }
    this.pipe = new MediaPipe(this.video, mime, (reason) => this.broken(reason));
    this.become({ phase: "buffering", problem: null, reason: null });
  }

  private broken(reason: string): void {
    this.disconnect();
    this.retry(null, reason);
  }

  private expectSound(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.broken(this.admitted ? "silence" : "timeout"), this.patience);
  }

  private closed(code: number, reason: string): void {
    this.disconnect();
    if (this.state.phase === "ended" || this.state.phase === "unsupported") return;
    if (code === CLOSE_RELEASED) this.become({ phase: "ended", reason: reason || "released" });
    else if (code === CLOSE_REVOKED) this.become({ phase: "ended", reason: reason || "revoked" });
    else if (code === CLOSE_REFUSED) this.become({ phase: "refused", problem: null, reason: reason || null });
    else this.retry(null, reason || null);
  }

  private retry(problem: Problem | null, reason: string | null): void {
    if (this.stopped.signal.aborted) return;
    const attempt = this.state.attempt + 1;
    if (!this.admitted) this.release();
    this.clock.restart();
    this.become({ phase: "reconnecting", problem, reason, attempt });
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.openWhenLookedAt(), backoffDelay(attempt, Math.random()));
  }

  /** A tab that nobody looks at opens no session: each one is a line of the register. */
  private openWhenLookedAt(): void {
    if (!document.hidden) {
      void this.open();
      return;
    }
    const { signal } = this.stopped;
    const onLook = () => void this.open();
    document.addEventListener("visibilitychange", onLook, { once: true, signal });
  }

  private disconnect(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    const { socket } = this;
    this.socket = null;
    socket?.close();
    this.pipe?.close();
    this.pipe = null;
  }
}
