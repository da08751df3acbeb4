import { FrameClock } from "./frameClock";
import type { Line, LineCalls, LineEnd } from "./line";
import { MediaPipe } from "./mediaPipe";
import { LATE_MS } from "./workload";

interface ServerMessage {
  type: "init" | "state";
  codec?: string;
  mime?: string;
  state?: "live" | "reconnecting" | "ended";
  reason?: string | null;
}

/** Media come several times a second, and the server tells of a lost camera within 8 s. */
const SILENCE_MS = 12_000;
/** What a page that was held up for a while is given to read what waits for it. */
const HELD_UP_MS = 2_000;
/** While the server itself says that it tries again, there is no use in asking anew. */
const SERVER_RETRIES_MS = 60_000;
/** A picture older than this stands still; it runs again below the other figure. */
const STALLED_MS = 1_500;
const RUNNING_MS = 700;
const LOOK_EVERY_MS = 500;

/** Watches one granted session over fMP4/WebSocket. */
export class SocketLine implements Line {
  private readonly clock: FrameClock;
  private pipe: MediaPipe | null = null;
  private socket: WebSocket | null = null;
  private isAdmitted = false;
  private shown = false;
  private over = false;
  private stalled = false;
  private patience = SILENCE_MS;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private stallTimer: ReturnType<typeof setInterval> | undefined;

  private readonly video: HTMLVideoElement;
  private readonly path: string;
  private readonly token: string;
  private readonly calls: LineCalls;

  constructor(video: HTMLVideoElement, path: string, token: string, calls: LineCalls) {
    this.video = video;
    this.path = path;
    this.token = token;
    this.calls = calls;
    this.clock = new FrameClock(video, () => {
      this.shown = true;
      calls.onFirstFrame();
    });
  }

  get admitted(): boolean {
    return this.isAdmitted;
  }

  start(): void {
    const url = new URL(this.path, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.expectSound();
    this.stallTimer = setInterval(() => this.look(), LOOK_EVERY_MS);
    socket.onopen = () => socket.send(JSON.stringify({ token: this.token }));
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.isAdmitted = true;
      this.expectSound();
      if (typeof data === "string") this.receive(JSON.parse(data) as ServerMessage);
      else this.pipe?.append(data);
    };
    socket.onclose = ({ code, reason }) => this.end({ kind: "closed", code, reason });
  }

  frameAge(): number | null {
    return this.clock.age(performance.now(), this.pipe?.edge ?? null);
  }

  stop(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.silenceTimer);
    clearInterval(this.stallTimer);
    this.clock.stop();
    const { socket } = this;
    this.socket = null;
    if (socket) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    this.pipe?.close();
    this.pipe = null;
  }

  private receive(message: ServerMessage): void {
    if (message.type === "init") this.beginMedia(message.mime ?? "");
    else if (message.state === "ended") this.end({ kind: "ended", reason: message.reason ?? null });
    else if (message.state === "reconnecting") {
      this.patience = SERVER_RETRIES_MS;
      this.expectSound();
      this.clock.restart();
      this.calls.onWaiting(this.shown ? "reconnecting" : "connecting", message.reason ?? null);
    }
    // "live" is believed when a frame is on screen, not before.
  }

  private beginMedia(mime: string): void {
    this.pipe?.close();
    this.pipe = null;
    this.clock.restart();
    this.patience = SILENCE_MS;
    if (!MediaPipe.plays(mime)) {
      this.end({ kind: "unsupported", mime });
      return;
    }
    this.pipe = new MediaPipe(this.video, mime, (reason) => {
      if (reason === "overrun") this.calls.onTrouble("overrun");
      this.end({ kind: "broken", reason });
    });
    this.calls.onWaiting("buffering", null);
  }

  private expectSound(): void {
    const silent = () => this.end({ kind: "broken", reason: this.isAdmitted ? "silence" : "timeout" });
    const due = performance.now() + this.patience;
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => {
      // A page that was held up hears its timers before the messages that came meanwhile.
      if (performance.now() - due > LATE_MS) this.silenceTimer = setTimeout(silent, HELD_UP_MS);
      else silent();
    }, this.patience);
  }

  /** A hidden page is given no frames, and a camera that the server looks for has none: neither is the line. */
  private look(): void {
    const age = document.hidden || this.patience !== SILENCE_MS ? null : this.frameAge();
    if (age === null || age < RUNNING_MS) this.stalled = false;
    else if (age > STALLED_MS && !this.stalled) {
      this.stalled = true;
      this.calls.onTrouble("stall");
    }
  }

  private end(end: LineEnd): void {
    if (this.over) return;
    this.stop();
    this.calls.onEnd(end);
  }
}
