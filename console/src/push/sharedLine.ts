import type { SseEvent } from "./sse";
import { type LineListener, SILENCE_MS, SseLine } from "./sseLine";

type Message =
  | { kind: "event"; event: SseEvent }
  | { kind: "pulse" }
  | { kind: "down" }
  /** A tab that just opened asks whether the line is up. */
  | { kind: "ask"; from: string }
  | { kind: "welcome"; to: string; sequence: number };

/**
 * One push connection for all tabs of the browser.
 *
 * An operator has a window per screen, and over HTTP/1.1 a browser opens six connections per origin in all: a line
 * per tab and service would starve every other request. The tab that holds a Web Lock reads the line and repeats
 * it to the others; when it goes, another takes the lock and resumes after the last number it heard. Where the
 * browser has no Web Locks (no secure context), every tab has its own line.
 */
export class SharedLine {
  private readonly line: SseLine;
  private readonly self = String(Math.random());
  private bus: BroadcastChannel | null = null;
  private claim: AbortController | null = null;
  private yieldLead: (() => void) | null = null;
  private up = false;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;

  private readonly name: string;
  private readonly resumeAfter: () => number | null;
  private readonly listener: LineListener;

  constructor(path: string, resumeAfter: () => number | null, listener: LineListener) {
    this.name = `vigie:${path}`;
    this.resumeAfter = resumeAfter;
    this.listener = listener;
    this.line = new SseLine(path, resumeAfter, {
      onEvent: (event) => {
        this.up = true;
        listener.onEvent(event);
        this.tell({ kind: "event", event });
      },
      onPulse: () => {
        listener.onPulse();
        this.tell({ kind: "pulse" });
      },
      onDown: () => {
        this.up = false;
        listener.onDown();
        this.tell({ kind: "down" });
      },
    });
  }

  open(): void {
    if (!("locks" in navigator)) {
      this.line.open();
      return;
    }
    this.bus = new BroadcastChannel(this.name);
    this.bus.onmessage = ({ data }: MessageEvent<Message>) => this.hear(data);
    this.tell({ kind: "ask", from: this.self });
    this.claim = new AbortController();
    navigator.locks
      .request(this.name, { signal: this.claim.signal }, () => this.lead())
      .catch(() => undefined);
  }

  close(): void {
    clearTimeout(this.silenceTimer);
    this.claim?.abort();
    this.line.close();
    this.yieldLead?.();
    this.yieldLead = null;
    this.bus?.close();
    this.bus = null;
    this.up = false;
  }

  private lead(): Promise<void> {
    clearTimeout(this.silenceTimer);
    this.line.open();
    return new Promise((resolve) => {
      this.yieldLead = resolve;
    });
  }

  private tell(message: Message): void {
    this.bus?.postMessage(message);
  }

  private hear(message: Message): void {
    if (this.yieldLead) {
      const sequence = this.resumeAfter();
      if (message.kind === "ask" && this.up && sequence !== null) {
        this.tell({ kind: "welcome", to: message.from, sequence });
      }
      return;
    }
    if (message.kind === "ask") return;
    this.expectSound();
    if (message.kind === "event") this.listener.onEvent(message.event);
    else if (message.kind === "pulse") this.listener.onPulse();
    else if (message.kind === "down") this.listener.onDown();
    else if (message.to === this.self) {
      this.listener.onEvent({ event: "hello", id: String(message.sequence), data: "{}" });
    }
  }

  /** The reading tab repeats heartbeats; without them what this tab shows may be old. */
  private expectSound(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.listener.onDown(), SILENCE_MS);
  }
}
