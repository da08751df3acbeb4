import { describe, expect, it } from "vitest";
import {
  choose,
  fallbackOf,
  fresh,
  isLossy,
  preferring,
  type TransportKnowledge,
  troubled,
  whepFailed,
} from "@/live/transport";
import type { WhepFailure } from "@/live/whep";

const REFUSED_CODEC: WhepFailure = {
  cause: "refused",
  problem: { type: "about:blank", title: "Codec non porté", status: 415, detail: "H.265" },
};
const FULL: WhepFailure = {
  cause: "refused",
  problem: { type: "about:blank", title: "Indisponible", status: 503, detail: "Trop de lecteurs" },
};

const inTrouble = (known: TransportKnowledge, ...at: number[]) => at.reduce(troubled, known);

describe("automatic choice", () => {
  const auto = fresh("auto", true);

  it("begins with the WebSocket", () => {
    expect(choose(auto, null, 0)).toBe("websocket");
  });

  it("goes to WebRTC at the third trouble within a minute, not at the second", () => {
    expect(choose(inTrouble(auto, 0, 20_000), "websocket", 20_000)).toBe("websocket");
    expect(choose(inTrouble(auto, 0, 20_000, 59_999), "websocket", 59_999)).toBe("webrtc");
  });

  it("forgets troubles that are a minute old", () => {
    expect(choose(inTrouble(auto, 0, 20_000, 60_000), "websocket", 60_000)).toBe("websocket");
    expect(inTrouble(auto, 0, 20_000, 60_000).troubles).toEqual([20_000, 60_000]);
    expect(isLossy([0, 1, 2], 60_002)).toBe(false);
  });

  it("stays with the WebRTC that it came to", () => {
    expect(choose(auto, "webrtc", 10_000_000)).toBe("webrtc");
  });

  it("stays with the WebSocket where the browser has no WebRTC", () => {
    expect(choose(inTrouble(fresh("auto", false), 0, 1, 2), "websocket", 2)).toBe("websocket");
  });

  it("goes back when WebRTC fails, and gives the WebSocket a new chance", () => {
    const failed = whepFailed(inTrouble(auto, 0, 1, 2), { cause: "silence" }, 5_000);
    expect(choose(failed, "webrtc", 5_000)).toBe("websocket");
    expect(failed.troubles).toEqual([]);
    expect(fallbackOf(failed, "websocket")).toEqual({ cause: "silence" });
  });

  it("tries again what may have passed after five minutes of new trouble, never what cannot pass", () => {
    const later = 5_000 + 5 * 60_000;
    const passing = inTrouble(whepFailed(auto, FULL, 5_000), later - 3, later - 2, later - 1);
    expect(choose(passing, "websocket", later - 1)).toBe("websocket");
    expect(choose(passing, "websocket", later)).toBe("webrtc");
    const lasting = inTrouble(whepFailed(auto, REFUSED_CODEC, 5_000), later - 3, later - 2, later - 1);
    expect(choose(lasting, "websocket", later)).toBe("websocket");
  });
});

describe("a person's choice", () => {
  it("is WebRTC first, and the WebSocket with a reason where it cannot be", () => {
    const wanted = fresh("webrtc", true);
    expect(choose(wanted, null, 0)).toBe("webrtc");
    const failed = whepFailed(wanted, REFUSED_CODEC, 0);
    expect(choose(failed, null, 1e12)).toBe("websocket");
    expect(fallbackOf(failed, "websocket")).toEqual(REFUSED_CODEC);
    expect(fallbackOf(failed, "webrtc")).toBeNull();
    expect(fallbackOf(fresh("webrtc", false), "websocket")).toEqual({ cause: "unsupported" });
  });

  it("is the WebSocket whatever happens on it", () => {
    const wanted = inTrouble(fresh("websocket", true), 0, 1, 2);
    expect(choose(wanted, "websocket", 2)).toBe("websocket");
    expect(choose(wanted, "webrtc", 2)).toBe("websocket");
    expect(fallbackOf(whepFailed(wanted, FULL, 0), "websocket")).toBeNull();
  });

  it("forgets what was known against WebRTC when it is made anew", () => {
    const failed = whepFailed(fresh("auto", true), REFUSED_CODEC, 0);
    expect(choose(preferring(failed, "webrtc"), "websocket", 1)).toBe("webrtc");
  });
});
