import { describe, expect, it } from "vitest";
import { keepEdge } from "@/live/edgeKeeper";

const view = (currentTime: number, ranges: [number, number][], playbackRate = 1) => ({
  currentTime,
  ranges,
  playbackRate,
  settling: false,
});

describe("keepEdge", () => {
  it("leaves an empty buffer alone", () => {
    expect(keepEdge(view(0, []))).toEqual({ seekTo: null, playbackRate: 1, removeBefore: null });
  });

  it("jumps into the buffer when the camera's clock does not start at zero", () => {
    expect(keepEdge(view(0, [[1234, 1236]])).seekTo).toBeCloseTo(1235.75);
  });

  it("never jumps before what is buffered", () => {
    expect(keepEdge(view(0, [[10, 10.1]])).seekTo).toBe(10);
  });

  it("plays on at the edge", () => {
    expect(keepEdge(view(9.7, [[0, 10]]))).toEqual({ seekTo: null, playbackRate: 1, removeBefore: null });
  });

  it("hurries when about a second behind, and until it has caught up", () => {
    expect(keepEdge(view(9, [[0, 10]])).playbackRate).toBeGreaterThan(1);
    expect(keepEdge(view(9.5, [[0, 10]], 1.15)).playbackRate).toBeGreaterThan(1);
    expect(keepEdge(view(9.5, [[0, 10]], 1)).playbackRate).toBe(1);
    expect(keepEdge(view(9.7, [[0, 10]], 1.15)).playbackRate).toBe(1);
  });

  it("jumps rather than hurries when far behind", () => {
    const decision = keepEdge(view(5, [[0, 10]]));
    expect(decision.seekTo).toBeCloseTo(9.75);
    expect(decision.playbackRate).toBe(1);
  });

  it("jumps to now within the cached group of pictures of an opening", () => {
    expect(keepEdge({ ...view(0, [[0, 1.8]]), settling: true }).seekTo).toBeCloseTo(1.55);
    expect(keepEdge(view(0, [[0, 1.8]])).seekTo).toBeNull();
  });

  it("jumps over a hole that would stop the picture", () => {
    expect(
      keepEdge(
        view(3, [
          [0, 3],
          [3.5, 4],
        ]),
      ).seekTo,
    ).toBeCloseTo(3.75);
  });

  it("comes back when it stands after the edge", () => {
    expect(keepEdge(view(20, [[0, 10]])).seekTo).toBeCloseTo(9.75);
  });

  it("drops played media, never what is being watched", () => {
    const decision = keepEdge(view(29.8, [[0, 30]]));
    expect(decision.removeBefore).toBeCloseTo(25.8);
    expect(keepEdge(view(9.8, [[0, 10]])).removeBefore).toBeNull();
  });
});
