import { asProblem, isNoRight, type Problem } from "@/api/problem";
import type { Quality } from "@/api/stream";
import { backoffDelay } from "./backoff";
import { BROWSER_DOORS, type Doors } from "./doors";
import type { Line, LineEnd } from "./line";
import { OPENING, type PlayerState } from "./playerState";
import { SessionOverError, WatchSession } from "./session";
import type { Stage } from "./stage";
import {
  choose,
  fallbackOf,
  fresh,
  preferring,
  type Transport,
  type TransportKnowledge,
  type TransportPreference,
  troubled,
  whepFailed,
} from "./transport";
import type { WhepFailure } from "./whep";

/** How long a stream that is being changed may do without its first picture, while somebody can see it. */
const NEXT_PATIENCE_MS = 10_000;
const SESSION_OVER = 409;
const CLOSE_RELEASED = 1000;
const CLOSE_REFUSED = 4403;
const CLOSE_REVOKED = 4410;

/** A line with what it shows and how. */
interface Seat {
  line: Line;
  quality: Quality;
  transport: Transport;
  live: boolean;
  /** Its last picture stays, but nothing comes any more. */
  held: boolean;
}

/**
 * Watches one camera in one tile, by one session at a time. Another quality or transport is prepared behind the
 * present picture, over the same session, and takes its place with its first frame. No React in here.
 */
export class LivePlayer {
  private readonly stopped = new AbortController();
  private readonly session: WatchSession;
  private known: TransportKnowledge;
  private front: Seat | null = null;
  private next: Seat | null = null;
  private opening = false;
  private settling = false;
  /** Something changed since the last step of `settle` began. */
  private unsettled = false;
  private final = false;
  private settleTries = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private settleTimer: ReturnType<typeof setTimeout> | undefined;
  private nextTimer: ReturnType<typeof setTimeout> | undefined;
  private state: PlayerState = OPENING;

  private readonly stage: Stage;
  private quality: Quality;
  private readonly onState: (state: PlayerState) => void;
  private readonly doors: Doors;

  constructor(
    stage: Stage,
    cameraId: string,
    quality: Quality,
    preference: TransportPreference,
    onState: (state: PlayerState) => void,
    doors: Doors = BROWSER_DOORS,
  ) {
    this.stage = stage;
    this.quality = quality;
    this.onState = onState;
    this.doors = doors;
    this.known = fresh(preference, doors.webrtc());
    this.session = new WatchSession(cameraId, doors, this.stopped.signal, (reason) =>
      this.finish({ phase: "ended", problem: null, reason }),
    );
    window.addEventListener("pagehide", this.release);
  }

  start(): void {
    void this.open();
  }

  /** Age in ms of the picture on screen, null before the first one. */
  frameAge(): number | null {
    return this.front?.line.frameAge() ?? null;
  }

  /** Of the watch, through cuts, switches and fallbacks; null while there is none. */
  get sessionId(): string | null {
    return this.session.id;
  }

  setQuality(quality: Quality): void {
    if (quality === this.quality) return;
    this.quality = quality;
    this.settleTries = 0;
    this.become({ kept: null });
    this.settleOrReopen();
  }

  setPreference(preference: TransportPreference): void {
    if (preference === this.known.preference) return;
    this.known = preferring(this.known, preference);
    this.become({});
    this.settleOrReopen();
  }

  stop(): void {
    if (this.stopped.signal.aborted) return;
    this.stopped.abort();
    window.removeEventListener("pagehide", this.release);
    this.leaveLines();
    this.release();
  }

  private readonly release = (): void => this.session.release();

  private become(change: Partial<PlayerState>): void {
    const transport = change.transport ?? this.front?.transport ?? null;
    this.state = { ...this.state, transport, fallback: fallbackOf(this.known, transport), ...change };
    if (!this.stopped.signal.aborted) this.onState(this.state);
  }

  private finish(change: Pick<PlayerState, "phase" | "problem" | "reason">): void {
    if (this.final || this.stopped.signal.aborted) return;
    this.final = true;
    this.leaveLines();
    this.release();
    this.become({ ...change, kept: null });
  }

  /** Before the first picture there is nothing to keep: begin again with what is wanted now. */
  private settleOrReopen(): void {
    if (this.final || this.stopped.signal.aborted) return;
    if (this.front?.live) void this.settle();
    else if (this.front) {
      this.leaveLines();
      void this.open();
    }
    // Else it is being opened, or waits for its turn, and will do so with what is wanted then.
  }

  private async open(): Promise<void> {
    if (this.opening || this.final) return;
    this.opening = true;
    try {
      await this.session.ready(() => this.quality);
      if (this.stopped.signal.aborted || this.final) return;
      const transport = choose(this.known, this.state.transport, this.doors.now());
      this.front = this.seat(this.stage.front, transport);
      this.become({ phase: "connecting" });
      this.front.line.start();
    } catch (error) {
      // A verdict that came meanwhile has the last word.
      if (!this.stopped.signal.aborted && !this.final) this.openFailed(error);
    } finally {
      this.opening = false;
    }
  }

  private openFailed(error: unknown): void {
    if (error instanceof SessionOverError) {
      this.finish({ phase: "ended", problem: null, reason: error.reason });
      return;
    }
    const problem = asProblem(error);
    if (isNoRight(error)) this.finish({ phase: "refused", problem, reason: null });
    else this.retry(problem, null);
  }

  private seat(video: HTMLVideoElement, transport: Transport): Seat {
    const seat: Seat = {
      quality: this.session.quality,
      transport,
      live: false,
      held: false,
      line: this.doors.openLine(transport, video, this.session.granted, {
        onFirstFrame: () => this.firstFrame(seat),
        onWaiting: (phase, reason) => {
          if (seat !== this.front) return;
          seat.live = false;
          this.become({ phase, problem: null, reason });
        },
        onTrouble: () => {
          if (seat !== this.front) return;
          this.noteTrouble();
          void this.settle();
        },
        onEnd: (end) => {
          if (seat === this.next) this.nextEnded(seat, end);
          else if (seat === this.front) this.frontEnded(seat, end);
        },
      }),
    };
    return seat;
  }

  private firstFrame(seat: Seat): void {
    seat.live = true;
    if (seat === this.next) this.promote(seat);
    if (seat !== this.front) return;
    // What was missed may have come without a switch: by taking the place of a picture that broke.
    const kept = this.state.kept?.wanted === seat.quality ? null : this.state.kept;
    this.become({ phase: "live", problem: null, reason: null, attempt: 0, kept });
    void this.settle();
  }

  private promote(seat: Seat): void {
    const before = this.front;
    clearTimeout(this.nextTimer);
    this.front = seat;
    this.next = null;
    this.settleTries = 0;
    this.stage.promote();
    before?.line.stop();
    this.state = { ...this.state, kept: null };
  }

  /** Bring the picture on screen to the quality and the transport that are wanted; one change at a time. */
  private async settle(): Promise<void> {
    this.unsettled = true;
    if (this.settling) return;
    this.settling = true;
    clearTimeout(this.settleTimer);
    try {
      while (this.unsettled) {
        this.unsettled = false;
        while (await this.settleOnce());
      }
    } catch (error) {
      if (!this.stopped.signal.aborted) this.settleFailed(error);
    } finally {
      this.settling = false;
    }
  }

  /** One step; true when there may be another. */
  private async settleOnce(): Promise<boolean> {
    const { front, quality } = this;
    if (!front?.live || this.final || this.opening) return false;
    const transport = choose(this.known, front.transport, this.doors.now());
    const isWanted = (seat: Seat) => seat.quality === quality && seat.transport === transport;
    if (this.next) {
      // A held picture has nothing to go back to: let the next one come first.
      if (isWanted(this.next) || front.held) return false;
      this.leaveNext();
    }
    if (isWanted(front) && this.session.quality === quality) return false;
    // A session that ran out ends its lines; a new one is opened for what is wanted then.
    if (this.session.id === null) return false;
    await this.session.taken(quality);
    if (this.front !== front) return true;
    const still = choose(this.known, front.transport, this.doors.now());
    if (this.quality !== quality || still !== transport) return true;
    if (isWanted(front)) return false;
    if (front.transport === "webrtc" && transport === "webrtc") {
      // The gateway has one WebRTC connection per session: answering the new one ends the old one.
      front.held = true;
      front.line.hold?.();
    }
    const seat = this.seat(this.stage.prepare(), transport);
    this.next = seat;
    this.expectNext(seat);
    seat.line.start();
    return false;
  }

  private expectNext(seat: Seat): void {
    clearTimeout(this.nextTimer);
    this.nextTimer = setTimeout(() => {
      if (this.next !== seat) return;
      if (this.doors.hidden()) this.expectNext(seat);
      else this.nextEnded(seat, { kind: "broken", reason: "no_picture" });
    }, NEXT_PATIENCE_MS);
  }

  /** The picture of before stays, and why is told. What may pass is tried again; what was refused is not. */
  private settleFailed(error: unknown): void {
    if (error instanceof SessionOverError) {
      this.finish({ phase: "ended", problem: null, reason: error.reason });
      return;
    }
    const problem = asProblem(error);
    if (this.front && this.front.quality !== this.quality) {
      this.become({ kept: { wanted: this.quality, problem, reason: null } });
    }
    if (problem.status === 0 || problem.status >= 500) this.settleLater();
    else if (this.front && problem.status !== SESSION_OVER) this.quality = this.front.quality;
  }

  private settleLater(): void {
    this.settleTries += 1;
    clearTimeout(this.settleTimer);
    this.settleTimer = setTimeout(() => void this.settle(), backoffDelay(this.settleTries, Math.random()));
  }

  private nextEnded(seat: Seat, end: LineEnd): void {
    this.leaveNext();
    // What is still wanted as it was waits before it is tried again: it may fail at once each time.
    let again = false;
    if (end.kind === "whep") this.noteWhepFailure(end.failure);
    else if (this.front && seat.quality !== this.front.quality) {
      this.become({ kept: { wanted: seat.quality, problem: null, reason: wordOf(end) } });
      this.quality = this.front.quality;
    } else again = true;
    if (this.front?.held) {
      this.front.line.stop();
      this.front = null;
      this.reopen();
    } else if (again) this.settleLater();
    else void this.settle();
  }

  private frontEnded(seat: Seat, end: LineEnd): void {
    this.front = null;
    if (end.kind === "ended") this.finish({ phase: "ended", problem: null, reason: end.reason });
    else if (end.kind === "unsupported") {
      this.finish({ phase: "unsupported", problem: null, reason: end.mime });
    } else if (end.kind === "closed" && isVerdict(end.code)) this.finish(verdict(end));
    else if (this.next) {
      // What was prepared behind it is all there is now.
      this.front = this.next;
      this.next = null;
      clearTimeout(this.nextTimer);
      this.stage.promote();
      this.become({ phase: "connecting", problem: null, reason: null });
    } else if (end.kind === "whep") {
      this.noteWhepFailure(end.failure);
      this.reopen();
    } else {
      if (seat.line.admitted && wordOf(end) !== "decode" && wordOf(end) !== "append") {
        this.noteTrouble();
      }
      if (!seat.line.admitted) this.release();
      this.retry(null, wordOf(end));
    }
  }

  /** Of a workstation that does not keep up nothing is learnt about its line. */
  private noteTrouble(): void {
    if (!this.doors.overloaded()) this.known = troubled(this.known, this.doors.now());
  }

  private noteWhepFailure(failure: WhepFailure): void {
    this.known = whepFailed(this.known, failure, this.doors.now());
    this.become({});
  }

  /** At once: no picture runs any more. Told as the WebSocket, so that the badge says why WebRTC was left. */
  private reopen(): void {
    this.become({ phase: "connecting", problem: null, reason: null, transport: "websocket" });
    this.openWhenLookedAt();
  }

  private retry(problem: Problem | null, reason: string | null): void {
    if (this.stopped.signal.aborted) return;
    const attempt = this.state.attempt + 1;
    this.become({ phase: "reconnecting", problem, reason, attempt });
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.openWhenLookedAt(), backoffDelay(attempt, Math.random()));
  }

  /** A tab that nobody looks at opens no session: each one is a line of the register. */
  private openWhenLookedAt(): void {
    if (this.doors.hidden()) this.doors.whenShown(() => void this.open(), this.stopped.signal);
    else void this.open();
  }

  private leaveNext(): void {
    clearTimeout(this.nextTimer);
    const { next } = this;
    this.next = null;
    next?.line.stop();
    this.stage.discard();
  }

  private leaveLines(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.settleTimer);
    this.leaveNext();
    const { front } = this;
    this.front = null;
    front?.line.stop();
  }
}

const isVerdict = (code: number): boolean => [CLOSE_RELEASED, CLOSE_REVOKED, CLOSE_REFUSED].includes(code);

function verdict(end: { code: number; reason: string }): Pick<PlayerState, "phase" | "problem" | "reason"> {
  if (end.code === CLOSE_REFUSED) return { phase: "refused", problem: null, reason: end.reason || null };
  const usual = end.code === CLOSE_RELEASED ? "released" : "revoked";
  return { phase: "ended", problem: null, reason: end.reason || usual };
}

/** Why a line ended, in a word that a person may be told a sentence for. */
function wordOf(end: LineEnd): string | null {
  if (end.kind === "unsupported") return "unsupported";
  return "reason" in end ? end.reason || null : null;
}
