import { ProblemError } from "@/api/problem";
import type { Quality, StreamSession } from "@/api/stream";
import type { Doors } from "./doors";

/** Lease is 30 s on the server. */
const RENEW_MS = 10_000;
/** Somebody or the law ended the session: it is not opened again by itself. One that merely ran out is. */
const VERDICTS = ["released", "revoked", "authorisation_ended", "ended_by_supervisor", "watermark"];

export class SessionOverError extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.name = "SessionOverError";
    this.reason = reason;
  }
}

/** One watch of one camera: one session of the API, and so one line of the register, through cuts and fallbacks. */
export class WatchSession {
  private session: StreamSession | null = null;
  private shown: Quality = "main";
  private timer: ReturnType<typeof setInterval> | undefined;

  private readonly cameraId: string;
  private readonly doors: Doors;
  private readonly stopped: AbortSignal;
  private readonly onOver: (reason: string) => void;

  constructor(cameraId: string, doors: Doors, stopped: AbortSignal, onOver: (reason: string) => void) {
    this.cameraId = cameraId;
    this.doors = doors;
    this.stopped = stopped;
    this.onOver = onOver;
  }

  get id(): string | null {
    return this.session?.session_id ?? null;
  }

  /** The session with unused tokens, right after `ready` or `taken`. */
  get granted(): StreamSession {
    if (!this.session) throw new Error("no session");
    return this.session;
  }

  /** What the server gives to the next line of this session. */
  get quality(): Quality {
    return this.shown;
  }

  /** Open the session or take it up again after a cut, in the quality that is wanted when the answer is there. */
  async ready(wanted: () => Quality): Promise<void> {
    if (!(await this.renewed())) {
      const quality = wanted();
      const session = await this.doors.openSession({ camera_id: this.cameraId, quality }, this.stopped);
      if (this.stopped.aborted) {
        void this.doors.releaseSession(session.session_id).catch(() => undefined);
        return;
      }
      this.session = session;
      this.shown = quality;
      this.keepLease(session.session_id);
    }
    while (!this.stopped.aborted && this.shown !== wanted()) await this.taken(wanted());
  }

  /** Have new tokens for a line in a quality; a refusal leaves the session as it was. */
  async taken(quality: Quality): Promise<void> {
    const { session } = this;
    if (!session) throw new SessionOverError("expired");
    try {
      const change =
        quality === this.shown
          ? await this.doors.renewLease(session.session_id, this.stopped)
          : await this.doors.switchQuality(session.session_id, quality, this.stopped);
      if (this.session === session) this.session = { ...session, ...change };
      this.shown = quality;
    } catch (error) {
      throw this.judged(error);
    }
  }

  release(): void {
    const { session } = this;
    this.session = null;
    clearInterval(this.timer);
    // Nothing to tell anybody: an unreleased lease ends by itself within 30 s.
    if (session) this.doors.releaseSession(session.session_id).catch(() => undefined);
  }

  private async renewed(): Promise<boolean> {
    if (!this.session) return false;
    try {
      await this.taken(this.shown);
      return true;
    } catch (error) {
      if (!isForgotten(error)) throw error;
      this.session = null;
      return false;
    }
  }

  private keepLease(id: string): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      this.doors.renewLease(id, this.stopped).catch((error: unknown) => {
        if (this.session?.session_id !== id) return;
        const judged = this.judged(error);
        if (judged instanceof SessionOverError) this.onOver(judged.reason);
        // What was lost, or failed on the server, is tried again in 10 s.
        else if (isForgotten(judged)) this.session = null;
      });
    }, RENEW_MS);
  }

  private judged(error: unknown): unknown {
    if (!(error instanceof ProblemError) || error.status !== 409) return error;
    const { reason } = error.problem;
    return reason && VERDICTS.includes(reason) ? new SessionOverError(reason) : error;
  }
}

/** Whether the server knows the session no more. One whose database is away still does, and its register has the row. */
const isForgotten = (error: unknown): boolean =>
  error instanceof ProblemError && error.status >= 400 && error.status < 500;
