import { describe, expect, it } from "vitest";
import {
  livePath,
  nextTile,
  qualityFor,
  readWall,
  withCamera,
  withLayout,
  writeWall,
} from "@/pages/live/wall";

describe("wall", () => {
  it("survives a reload through its address, holes included", () => {
    const wall = { layout: 4 as const, cameras: ["a", "", "c", ""] };
    expect(readWall(new URLSearchParams(writeWall(wall).toString()))).toEqual(wall);
  });

  it("falls back to one empty tile on an address that makes no sense", () => {
    expect(readWall(new URLSearchParams("grille=7"))).toEqual({ layout: 1, cameras: [""] });
  });

  it("never shows more cameras than tiles", () => {
    expect(readWall(new URLSearchParams("grille=1&cameras=a,b,c")).cameras).toEqual(["a"]);
  });

  it("keeps the selected camera when it shrinks, and every place when it grows", () => {
    const four = { layout: 4 as const, cameras: ["a", "b", "", "d"] };
    expect(withLayout(four, 1, 3).cameras).toEqual(["d"]);
    expect(withLayout(four, 9, 0).cameras).toEqual(["a", "b", "", "d", "", "", "", "", ""]);
  });

  it("fills the empty tile next, and replaces the selected one when there is none", () => {
    expect(nextTile({ layout: 4, cameras: ["a", "", "", ""] }, 0)).toBe(1);
    expect(nextTile({ layout: 4, cameras: ["a", "", "", ""] }, 2)).toBe(2);
    expect(nextTile({ layout: 1, cameras: ["a"] }, 0)).toBe(0);
  });

  it("puts a camera in its tile only", () => {
    expect(withCamera({ layout: 4, cameras: ["a", "", "", ""] }, 2, "z").cameras).toEqual(["a", "", "z", ""]);
  });

  it("asks for the small stream in a mosaic", () => {
    expect([qualityFor(1), qualityFor(4), qualityFor(9)]).toEqual(["main", "sub", "sub"]);
  });

  it("opens an incident's cameras in the smallest layout that holds them", () => {
    expect(livePath(["a"])).toBe("/direct?grille=1&cameras=a");
    expect(livePath(["a", "b"])).toBe("/direct?grille=4&cameras=a%2Cb");
  });
});
