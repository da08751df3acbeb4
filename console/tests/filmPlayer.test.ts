import { beforeEach, describe, expect, it, vi } from "vitest";
import { type FilmEnd, FilmPlayer, isReady } from "@/pages/replay/filmPlayer";

/** What hls.js is to the player; errors come when the test says so. */
const hls = vi.hoisted(() => {
  type Fatal = { fatal: boolean; type: string; response?: { code: number } };
  class FakeHls {
    static Events = { ERROR: "error" };
    static ErrorTypes = { MEDIA_ERROR: "media", NETWORK_ERROR: "network" };
    static made: FakeHls[] = [];
    static isSupported = () => true;
    recovered = 0;
    destroyed = false;
    private tell: (event: string, error: Fatal) => void = () => undefined;

    constructor() {
      FakeHls.made.push(this);
    }
    on(_: string, tell: (event: string, error: Fatal) => void) {
      this.tell = tell;
    }
    loadSource() {}
    attachMedia() {}
    recoverMediaError() {
      this.recovered += 1;
    }
    destroy() {
      this.destroyed = true;
    }
    fail(type: string, code?: number) {
      this.tell("error", { fatal: true, type, ...(code ? { response: { code } } : {}) });
    }
  }
  return { FakeHls };
});
vi.mock("hls.js", () => ({ default: hls.FakeHls }));

describe("FilmPlayer", () => {
  let ends: FilmEnd[];
  let player: FilmPlayer;
  const made = (n: number) => {
    const found = hls.FakeHls.made[n];
    if (!found) throw new Error(`no film ${n}`);
    return found;
  };

  beforeEach(() => {
    hls.FakeHls.made = [];
    ends = [];
    player = new FilmPlayer({} as HTMLVideoElement, (why) => ends.push(why));
    player.show("/a", 0);
  });

  it("recovers once, then says that the pictures cannot be read", () => {
    made(0).fail("media");
    expect(made(0)).toMatchObject({ recovered: 1, destroyed: false });
    expect(ends).toEqual([]);
    made(0).fail("media");
    expect(made(0)).toMatchObject({ recovered: 1, destroyed: true });
    expect(ends).toEqual(["unreadable"]);
  });

  it("gives each film its own chance", () => {
    made(0).fail("media");
    player.show("/b", 0);
    made(1).fail("media");
    expect(made(1)).toMatchObject({ recovered: 1, destroyed: false });
    expect(ends).toEqual([]);
  });

  it.each([
    [401, "over"],
    [403, "over"],
    [404, "over"],
    [500, "unreadable"],
  ])("ends with %s as %s", (code, end) => {
    made(0).fail("network", code);
    expect(ends).toEqual([end]);
    expect(made(0).destroyed).toBe(true);
  });
});

describe("a video", () => {
  const video = (readyState: number, paused: boolean, seeking = false) =>
    isReady({ readyState, paused, seeking });

  it("runs with the picture after this one, and stands with this one", () => {
    expect([2, 3, 4].map((state) => video(state, false))).toEqual([false, true, true]);
    expect([1, 2, 3].map((state) => video(state, true))).toEqual([false, true, true]);
  });

  it("is not ready while it seeks", () => {
    expect([video(4, false, true), video(4, true, true)]).toEqual([false, false]);
  });
});
