import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Quality } from "@/api/stream";
import type { LivePlayer } from "@/live/player";
import { OPENING, type PlayerState } from "@/live/playerState";
import type { TransportPreference } from "@/live/transport";
import { FakeGateway, FakeStage, playerOn, problem } from "./playerFakes";

describe("LivePlayer", () => {
  let gateway: FakeGateway;
  let stage: FakeStage;
  let state: PlayerState;
  let player: LivePlayer;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("window", new EventTarget());
    [gateway, stage, state] = [new FakeGateway(), new FakeStage(), OPENING];
  });

  afterEach(() => {
    player.stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const turn = () => vi.advanceTimersByTimeAsync(0);
  const line = (index: number) => gateway.line(index);

  async function watch(quality: Quality, preference: TransportPreference = "auto", webrtc = true) {
    player = playerOn(stage, gateway.doors(webrtc), quality, preference, (next) => {
      state = next;
    });
    player.start();
    await turn();
  }

  async function live(quality: Quality, preference: TransportPreference = "auto") {
    await watch(quality, preference);
    line(-1).calls.onFirstFrame();
    await turn();
    expect(state.phase).toBe("live");
  }

  it("is live with the first frame, and says by which transport", async () => {
    await watch("sub");
    expect(state).toMatchObject({ phase: "connecting", transport: "websocket" });
    line(0).calls.onWaiting("buffering", null);
    expect(state.phase).toBe("buffering");
    line(0).calls.onFirstFrame();
    expect(state).toMatchObject({ phase: "live", transport: "websocket", fallback: null });
    expect(gateway.asked).toEqual(["open sub"]);
  });

  describe("another quality", () => {
    it("is prepared behind the picture and takes its place with its first frame", async () => {
      await live("sub");
      line(0).age = 40;
      player.setQuality("main");
      await turn();
      expect(gateway.asked).toEqual(["open sub", "switch s1 main"]);
      expect(line(1)).toMatchObject({ quality: "main", video: "video 2", started: true });
      expect(stage.shown).toBe("video 1");
      expect(line(0).stopped).toBe(false);
      expect(state.phase).toBe("live");
      line(1).calls.onWaiting("buffering", null);
      expect(state.phase).toBe("live");
      expect(player.frameAge()).toBe(40);
      line(1).age = 5;
      line(1).calls.onFirstFrame();
      expect(stage.shown).toBe("video 2");
      expect(line(0).stopped).toBe(true);
      expect(player.frameAge()).toBe(5);
      expect(state).toMatchObject({ phase: "live", kept: null });
      expect(gateway.open).toEqual(new Set(["s1"]));
    });

    it("that is refused leaves the picture, says why, and does not ask again", async () => {
      await live("sub");
      gateway.refuse.switch = problem(403, { rule: "R4" });
      player.setQuality("main");
      await turn();
      expect(state).toMatchObject({ phase: "live", kept: { wanted: "main", problem: { rule: "R4" } } });
      expect(line(0).stopped).toBe(false);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(gateway.asked.filter((what) => what.startsWith("switch"))).toHaveLength(1);
    });

    it("that has no picture leaves the old one and gives the session its quality back", async () => {
      await live("sub");
      player.setQuality("main");
      await turn();
      line(1).calls.onEnd({ kind: "broken", reason: "decode" });
      await turn();
      expect(state).toMatchObject({ phase: "live", kept: { wanted: "main", reason: "decode" } });
      expect(stage).toMatchObject({ shown: "video 1", unseen: null });
      expect(gateway.asked.at(-1)).toBe("switch s1 sub");
      expect(gateway.lines).toHaveLength(2);
    });

    it("that never shows a frame is given up", async () => {
      await live("sub");
      player.setQuality("main");
      await turn();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(line(1).stopped).toBe(true);
      expect(state).toMatchObject({ phase: "live", kept: { wanted: "main", reason: "no_picture" } });
    });

    it("is asked for again when the server was away, and then it comes", async () => {
      await live("sub");
      gateway.refuse.switch = problem(503);
      player.setQuality("main");
      await turn();
      expect(state.kept?.problem?.status).toBe(503);
      gateway.refuse = {};
      await vi.advanceTimersByTimeAsync(1_000);
      line(1).calls.onFirstFrame();
      expect(state).toMatchObject({ phase: "live", kept: null });
      expect(stage.shown).toBe("video 2");
    });

    it("taken back before it came changes nothing on screen", async () => {
      await live("sub");
      player.setQuality("main");
      await turn();
      player.setQuality("sub");
      await turn();
      expect(line(1).stopped).toBe(true);
      expect(line(0).stopped).toBe(false);
      expect(stage).toMatchObject({ shown: "video 1", unseen: null });
      expect(gateway.asked).toEqual(["open sub", "switch s1 main", "switch s1 sub"]);
    });

    it("becomes the picture when the old one breaks meanwhile", async () => {
      await live("sub");
      player.setQuality("main");
      await turn();
      line(0).calls.onEnd({ kind: "closed", code: 1006, reason: "" });
      expect(stage.shown).toBe("video 2");
      expect(state.phase).toBe("connecting");
      line(1).calls.onFirstFrame();
      expect(state.phase).toBe("live");
      expect(gateway.opened).toBe(1);
    });

    it("wanted while the session opens is what is opened", async () => {
      await watch("sub");
      player.setQuality("main");
      await turn();
      expect(line(0).stopped).toBe(true);
      expect(line(1)).toMatchObject({ quality: "main", video: "video 1" });
      expect(gateway.opened).toBe(1);
    });
  });

  describe("transport", () => {
    it("changes to WebRTC behind the picture on a lossy line, over the same session", async () => {
      await live("main");
      for (const at of [1_000, 20_000]) {
        gateway.clock = at;
        line(0).calls.onTrouble("stall");
      }
      await turn();
      expect(gateway.lines).toHaveLength(1);
      gateway.clock = 40_000;
      line(0).calls.onTrouble("stall");
      await turn();
      expect(line(1)).toMatchObject({ transport: "webrtc", video: "video 2" });
      expect(line(1).session.session_id).toBe("s1");
      expect(state.transport).toBe("websocket");
      line(1).calls.onFirstFrame();
      expect(state).toMatchObject({ phase: "live", transport: "webrtc" });
      expect(line(0).stopped).toBe(true);
      expect(gateway.opened).toBe(1);
    });

    it("learns nothing about the line from a workstation that does not keep up", async () => {
      await live("main");
      gateway.overloaded = true;
      for (const at of [1, 2, 3]) {
        gateway.clock = at;
        line(0).calls.onTrouble("stall");
      }
      gateway.overloaded = false;
      line(0).calls.onTrouble("stall");
      await turn();
      expect(gateway.lines).toHaveLength(1);
    });

    it("stays with the WebSocket, and says why, when WebRTC does not come", async () => {
      await live("main");
      for (const at of [1, 2, 3]) {
        gateway.clock = at;
        line(0).calls.onTrouble("overrun");
      }
      await turn();
      line(1).calls.onEnd({ kind: "whep", failure: { cause: "no-picture" } });
      await turn();
      expect(state).toMatchObject({
        phase: "live",
        transport: "websocket",
        fallback: { cause: "no-picture" },
        kept: null,
      });
      expect(gateway.lines).toHaveLength(2);
    });

    it("falls back at once with a new token of the same session", async () => {
      await watch("main", "webrtc");
      expect(line(0)).toMatchObject({ transport: "webrtc" });
      const failure = { cause: "refused", problem: problem(415) } as const;
      line(0).calls.onEnd({ kind: "whep", failure });
      await turn();
      expect(gateway.asked).toEqual(["open main", "renew s1"]);
      expect(line(1)).toMatchObject({ transport: "websocket", video: "video 1" });
      expect(line(1).session.token).toBe("ws 2");
      line(1).calls.onFirstFrame();
      expect(state).toMatchObject({ phase: "live", transport: "websocket", fallback: failure });
    });

    it("holds the last picture while WebRTC changes its quality, for the gateway ends the first one", async () => {
      await live("sub", "webrtc");
      player.setQuality("main");
      await turn();
      expect(line(0)).toMatchObject({ held: true, stopped: false });
      expect(line(1)).toMatchObject({ transport: "webrtc", quality: "main" });
      line(1).calls.onEnd({ kind: "whep", failure: { cause: "broken" } });
      await turn();
      expect(line(0).stopped).toBe(true);
      expect(line(2)).toMatchObject({ transport: "websocket", quality: "main" });
      expect(gateway.opened).toBe(1);
    });

    it("follows a person's choice without a break", async () => {
      await live("main");
      player.setPreference("webrtc");
      await turn();
      line(1).calls.onFirstFrame();
      expect(state.transport).toBe("webrtc");
      player.setPreference("websocket");
      await turn();
      line(2).calls.onFirstFrame();
      expect(state).toMatchObject({ transport: "websocket", fallback: null });
      expect(gateway.opened).toBe(1);
    });
  });

  it("takes up the same session after a cut", async () => {
    await live("main");
    line(0).calls.onEnd({ kind: "closed", code: 1006, reason: "" });
    expect(state).toMatchObject({ phase: "reconnecting", attempt: 1 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gateway.asked).toEqual(["open main", "renew s1"]);
    line(1).calls.onFirstFrame();
    expect(state).toMatchObject({ phase: "live", attempt: 0 });
  });

  it("does not open again what was ended by somebody, whatever the transport", async () => {
    await live("main", "webrtc");
    gateway.refuse.renew = problem(409, { reason: "ended_by_supervisor" });
    line(0).calls.onEnd({ kind: "whep", failure: { cause: "broken" } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state).toMatchObject({ phase: "ended", reason: "ended_by_supervisor" });
    expect(gateway.opened).toBe(1);
  });

  it("learns from its lease that it is over", async () => {
    await live("main");
    gateway.refuse.renew = problem(409, { reason: "authorisation_ended" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state).toMatchObject({ phase: "ended", reason: "authorisation_ended" });
    expect(line(0).stopped).toBe(true);
  });

  it.each([
    [4410, "", "ended", "revoked"],
    [4403, "hors-perimetre", "refused", "hors-perimetre"],
    [1000, "", "ended", "released"],
  ])("closes with %s for good", async (code, reason, phase, told) => {
    await live("main");
    line(0).calls.onEnd({ kind: "closed", code, reason });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state).toMatchObject({ phase, reason: told });
    expect(gateway.lines).toHaveLength(1);
  });

  it("leaves nothing behind when the tile goes in the middle of a switch", async () => {
    await live("sub");
    player.setQuality("main");
    await turn();
    player.stop();
    expect(line(0).stopped).toBe(true);
    expect(line(1).stopped).toBe(true);
    expect(stage.unseen).toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(gateway.open.size).toBe(0);
    expect(gateway.asked.at(-1)).toBe("release s1");
  });
});
