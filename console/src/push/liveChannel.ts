import { SequenceTracker } from "./sequence";
import { SharedLine } from "./sharedLine";
import type { SseEvent } from "./sse";

/** Services that push facts. */
export type LiveService = "registry" | "stream" | "incident" | "dispatch" | "retention";

/** `live`: what is on screen follows the server. `stale`: it may be out of date, and the screen says so. */
export type ChannelState = "connecting" | "live" | "stale";

/** One fact, as the CloudEvents envelope of the bus. */
export interface Fact {
  id: string;
  type: string;
  subject: string;
  time: string;
  insee: string;
  data: Record<string, unknown>;
}

export interface ChannelListener {
  onFact?: (fact: string, envelope: Fact) => void;
  onState?: (state: ChannelState) => void;
  /** Facts were or may have been missed: load again. */
  onGap?: () => void;
}

/** A hidden tab hands the line over after this long, and resumes by number when it is looked at again. */
const HIDDEN_MS = 30_000;

/** The facts of one service, for every component of the tab that listens. */
export class LiveChannel {
  private readonly listeners = new Set<ChannelListener>();
  private readonly sequence = new SequenceTracker();
  private readonly line: SharedLine;
  private state: ChannelState = "connecting";
  private away = false;
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(service: LiveService) {
    this.line = new SharedLine(`/api/${service}/live`, () => this.sequence.resumeAfter, {
      onEvent: (event) => this.receive(event),
      onPulse: () => undefined,
      onDown: () => this.setState("stale"),
    });
  }

  get currentState(): ChannelState {
    return this.state;
  }

  listen(listener: ChannelListener): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) {
      document.addEventListener("visibilitychange", this.onVisibility);
      this.line.open();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      document.removeEventListener("visibilitychange", this.onVisibility);
      clearTimeout(this.hiddenTimer);
      this.line.close();
      this.state = "connecting";
    };
  }

  private readonly onVisibility = (): void => {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) {
      this.hiddenTimer = setTimeout(() => {
        this.away = true;
        this.line.close();
        this.setState("stale");
      }, HIDDEN_MS);
    } else if (this.away) {
      this.away = false;
      this.line.open();
    }
  };

  private receive({ event, id, data }: SseEvent): void {
    const sequence = Number(id);
    if (event === "hello") {
      this.sequence.greeted(sequence);
      this.setState("live");
      // Facts between the page's own load and this greeting, or lost in a cut, are healed by loading again.
      this.announceGap();
      return;
    }
    if (event === "reset") {
      this.sequence.reset(sequence);
      this.announceGap();
      return;
    }
    if (this.sequence.received(sequence) === "duplicate") return;
    const envelope = JSON.parse(data) as Fact;
    for (const listener of this.listeners) listener.onFact?.(event, envelope);
  }

  private announceGap(): void {
    for (const listener of this.listeners) listener.onGap?.();
  }

  private setState(state: ChannelState): void {
    if (state === this.state) return;
    this.state = state;
    for (const listener of this.listeners) listener.onState?.(state);
  }
}

const channels = new Map<LiveService, LiveChannel>();

export function liveChannel(service: LiveService): LiveChannel {
  let channel = channels.get(service);
  if (!channel) {
    channel = new LiveChannel(service);
    channels.set(service, channel);
  }
  return channel;
}
