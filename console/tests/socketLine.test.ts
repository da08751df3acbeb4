import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LineEnd } from "@/live/line";
import { SocketLine } from "@/live/socketLine";

const SILENCE_MS = 12_000;

/** The browser's WebSocket as far as a line uses it. */
class Socket {
  static last: Socket;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  binaryType = "";

  constructor() {
    Socket.last = this;
  }
  close() {
    this.onclose?.();
  }
}

const video = { requestVideoFrameCallback: () => 1, cancelVideoFrameCallback: () => undefined };

describe("a silent connection", () => {
  let now = 0;
  let ends: LineEnd[] = [];

  beforeEach(() => {
    now = 0;
    ends = [];
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    vi.spyOn(performance, "now").mockImplementation(() => now);
    vi.stubGlobal("WebSocket", Socket);
    vi.stubGlobal("document", { hidden: false });
    vi.stubGlobal("window", { location: { href: "http://console.test/direct" } });
    const calls = {
      onFirstFrame: vi.fn(),
      onWaiting: vi.fn(),
      onTrouble: vi.fn(),
      onEnd: (end: LineEnd) => ends.push(end),
    };
    new SocketLine(video as unknown as HTMLVideoElement, "/ws", "token", calls).start();
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  /** Let timers come that are due after `ms`, `late` ms after their time. */
  function pass(ms: number, late = 0) {
    now += ms + late;
    vi.advanceTimersByTime(ms);
  }

  const speak = () => Socket.last.onmessage?.({ data: JSON.stringify({ type: "state", state: "live" }) });

  it("ends the line when its time is over", () => {
    pass(SILENCE_MS - 1);
    expect(ends).toEqual([]);
    pass(1);
    expect(ends).toEqual([{ kind: "broken", reason: "timeout" }]);
  });

  it("is heard out once when the page itself was held up", () => {
    pass(SILENCE_MS, 20_000);
    expect(ends).toEqual([]);
    speak();
    pass(SILENCE_MS - 1);
    expect(ends).toEqual([]);
    pass(1);
    expect(ends).toEqual([{ kind: "broken", reason: "silence" }]);
  });

  it("ends it all the same when nothing had waited", () => {
    pass(SILENCE_MS, 20_000);
    pass(2_000, 20_000);
    expect(ends).toEqual([{ kind: "broken", reason: "timeout" }]);
  });
});
