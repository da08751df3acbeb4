import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Quality } from "@/api/stream";
import type { LivePlayer } from "@/live/player";
import { OPENING, type PlayerState } from "@/live/playerState";
import type { TransportPreference } from "@/live/transport";
import { FakeGateway, FakeStage, playerOn, problem } from "./playerFakes";

describe("LivePlayer, when the server or a line fails", () => {
  let gateway: FakeGateway;
  let state: PlayerState;
  let player: LivePlayer;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("window", new EventTarget());
    [gateway, state] = [new FakeGateway(), OPENING];
  });

  afterEach(() => {
    player.stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const turn = () => vi.advanceTimersByTimeAsync(0);
  const cut = { kind: "closed", code: 1006, reason: "" } as const;
  const askedOf = (what: string) => gateway.asked.filter((one) => one.startsWith(what)).length;

  async function live(quality: Quality, preference: TransportPreference = "auto") {
    player = playerOn(new FakeStage(), gateway.doors(true), quality, preference, (next) => {
      state = next;
    });
    player.start();
    await turn();
    gateway.line(-1).calls.onFirstFrame();
    await turn();
    expect(state.phase).toBe("live");
  }

  it("tries a transport that closes at once again after a delay, not in a hot loop", async () => {
    await live("main", "webrtc");
    player.setPreference("websocket");
    await turn();
    gateway.line(1).calls.onEnd(cut);
    await turn();
    expect(gateway.lines).toHaveLength(2);
    expect(state).toMatchObject({ phase: "live", transport: "webrtc" });
    // 0.5 s and 1 s, spread over ±25 %.
    await vi.advanceTimersByTimeAsync(650);
    gateway.line(2).calls.onEnd(cut);
    await vi.advanceTimersByTimeAsync(700);
    expect(gateway.lines).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(600);
    gateway.line(3).calls.onFirstFrame();
    expect(state).toMatchObject({ phase: "live", transport: "websocket" });
  });

  describe("a session", () => {
    it("outlives a failing server: it is switched and closed afterwards", async () => {
      await live("sub");
      gateway.refuse.renew = problem(500);
      await vi.advanceTimersByTimeAsync(10_000);
      gateway.refuse = {};
      player.setQuality("main");
      await turn();
      expect(gateway.asked.at(-1)).toBe("switch s1 main");
      player.stop();
      expect(gateway.open.size).toBe(0);
    });

    it("is taken up again after a cut during which the server failed", async () => {
      await live("sub");
      gateway.refuse.renew = problem(503);
      gateway.line(0).calls.onEnd(cut);
      await vi.advanceTimersByTimeAsync(3_000);
      expect(state).toMatchObject({ phase: "reconnecting", problem: { status: 503 } });
      gateway.refuse = {};
      await vi.advanceTimersByTimeAsync(10_000);
      gateway.line(1).calls.onFirstFrame();
      expect(state.phase).toBe("live");
      expect(gateway.opened).toBe(1);
    });

    it("that the server knows no more is followed by a new one", async () => {
      await live("sub");
      gateway.refuse.renew = problem(404);
      gateway.line(0).calls.onEnd(cut);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(askedOf("open")).toBe(2);
    });
  });

  it("says no more that the main stream is not there when it is shown after all", async () => {
    await live("sub");
    gateway.refuse.switch = problem(503);
    player.setQuality("main");
    await turn();
    expect(state.kept?.wanted).toBe("main");
    gateway.refuse = {};
    await vi.advanceTimersByTimeAsync(1_000);
    gateway.line(0).calls.onEnd(cut);
    gateway.line(1).calls.onFirstFrame();
    expect(gateway.line(1).quality).toBe("main");
    expect(state).toMatchObject({ phase: "live", kept: null });
  });

  it("still says so after a cut of the stream that was kept", async () => {
    await live("sub");
    gateway.refuse.switch = problem(403);
    player.setQuality("main");
    await turn();
    gateway.line(0).calls.onEnd(cut);
    await vi.advanceTimersByTimeAsync(1_000);
    gateway.line(1).calls.onFirstFrame();
    expect(state).toMatchObject({ phase: "live", kept: { wanted: "main" } });
  });

  it.each([true, false])("keeps a verdict that came during a switch, answered: %s", async (answered) => {
    await live("main");
    let answer: (error?: Error) => void = () => undefined;
    gateway.switching = new Promise((resolve, reject) => {
      answer = (error) => (error ? reject(error) : resolve());
    });
    gateway.line(0).calls.onEnd(cut);
    player.setQuality("sub");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gateway.asked.at(-1)).toBe("switch s1 sub");
    gateway.refuse.renew = problem(409, { reason: "authorisation_ended" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.phase).toBe("ended");
    answer(answered ? undefined : new Error("lost"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state).toMatchObject({ phase: "ended", reason: "authorisation_ended" });
    expect(gateway.lines).toHaveLength(1);
  });
});
