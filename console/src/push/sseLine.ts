import { announceUnauthenticated } from "@/api/http";
import { backoffDelay } from "@/live/backoff";
import { type SseEvent, SseParser } from "./sse";

/** What a line tells its user. */
export interface LineListener {
  onEvent: (event: SseEvent) => void;
  /** The line is alive, though nothing happened. */
  onPulse: () => void;
  /** The line broke; it reopens by itself. */
  onDown: () => void;
}

/** The server sends a comment every 10 s; two and a half missed ones mean that the line is dead. */
export const SILENCE_MS = 25_000;

const REFUSALS = [401, 403, 404];

/** One push connection that reopens by itself and resumes after the last sequence number. */
export class SseLine {
  private abort: AbortController | null = null;
  private attempt = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;

  private readonly url: string;
  private readonly resumeAfter: () => number | null;
  private readonly listener: LineListener;

  constructor(url: string, resumeAfter: () => number | null, listener: LineListener) {
    this.url = url;
    this.resumeAfter = resumeAfter;
    this.listener = listener;
  }

  open(): void {
    this.close();
    const abort = new AbortController();
    this.abort = abort;
    void this.read(abort.signal)
      .catch(() => "broken" as const)
      .then((outcome) => {
        if (abort.signal.aborted) return;
        if (outcome === "refused") this.giveUp();
        else this.retry();
      });
  }

  close(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    this.abort?.abort();
    this.abort = null;
  }

  private retry(): void {
    this.close();
    this.listener.onDown();
    this.attempt += 1;
    this.retryTimer = setTimeout(() => this.open(), backoffDelay(this.attempt, Math.random()));
  }

  /** A refusal is an answer, and each one is a line of the register: it is not asked again. */
  private giveUp(): void {
    this.close();
    this.listener.onDown();
  }

  private async read(signal: AbortSignal): Promise<"refused" | "ended"> {
    const after = this.resumeAfter();
    this.expectSound();
    const response = await fetch(this.url, {
      credentials: "same-origin",
      headers: {
        Accept: "text/event-stream",
        ...(after === null ? {} : { "Last-Event-ID": String(after) }),
      },
      signal,
    });
    if (response.status === 401) announceUnauthenticated();
    if (REFUSALS.includes(response.status)) return "refused";
    if (!response.ok || response.body === null) throw new Error(`push line: HTTP ${response.status}`);
    const parser = new SseParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      this.expectSound();
      for (const block of parser.push(decoder.decode(chunk.value, { stream: true }))) {
        if (block === "comment") this.listener.onPulse();
        else {
          this.attempt = 0;
          this.listener.onEvent(block);
        }
      }
    }
    return "ended";
  }

  /** Any byte, heartbeats included, proves the line alive for a while. */
  private expectSound(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => this.retry(), SILENCE_MS);
  }
}
