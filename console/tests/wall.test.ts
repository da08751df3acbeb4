import { describe, expect, it } from "vitest";
import type { Camera } from "@/api/registry";
import type { Screen } from "@/api/scenes";
import { turnAt } from "@/pages/live/carousel";
import { afterKey, camerasCalled, lasting, NO_CALL, type NumberCall } from "@/pages/live/numberCall";
import { later, placesOf, tilesOf, wallOf } from "@/pages/live/screenTiles";
import {
  livePath,
  nextTile,
  pointedAt,
  qualityFor,
  readWall,
  withCamera,
  withHotspot,
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

describe("large first tile", () => {
  const four = { layout: 4 as const, cameras: ["", "b", "c", ""] };

  it("shows what was pointed at, in the main stream, and survives a reload", () => {
    const wall = pointedAt(withHotspot(four, true), 2);
    expect(wall.cameras).toEqual(["c", "b", "c", ""]);
    expect([qualityFor(4, 0, wall.hotspot), qualityFor(4, 2, wall.hotspot)]).toEqual(["main", "sub"]);
    expect(readWall(new URLSearchParams(writeWall(wall).toString()))).toEqual(wall);
  });

  it("changes nothing when it is off, for an empty tile, or for itself", () => {
    expect(pointedAt(four, 2)).toBe(four);
    const on = withHotspot(four, true);
    expect(pointedAt(on, 3)).toBe(on);
    expect(pointedAt(on, 0)).toBe(on);
  });

  it("does not exist for a single picture", () => {
    expect(withHotspot({ layout: 1, cameras: ["a"] }, true)).toEqual({ layout: 1, cameras: ["a"] });
    expect(withLayout(withHotspot(four, true), 1, 1)).toEqual({ layout: 1, cameras: ["b"] });
  });
});

describe("sixteen pictures", () => {
  it("are a layout with places that keep their number, all in the small stream", () => {
    const wall = withLayout({ layout: 4, cameras: ["a", "", "", "d"] }, 16, 0);
    expect(wall.cameras).toHaveLength(16);
    expect(wall.cameras[3]).toBe("d");
    expect(new Set(wall.cameras.map((_, tile) => qualityFor(wall.layout, tile)))).toEqual(new Set(["sub"]));
    expect(livePath(Array.from({ length: 12 }, (_, n) => `c${n}`))).toContain("grille=16");
  });
});

describe("keypad call", () => {
  const typed = (...keys: string[]) =>
    keys.reduce<NumberCall>((call, key) => afterKey(call, key) ?? call, NO_CALL);
  const camera = (code: string): Camera => ({ camera_id: code, code }) as Camera;

  it("adds digits, calls with Enter and starts anew afterwards", () => {
    expect(typed("4", "2")).toEqual({ typed: "42", called: false });
    expect(typed("4", "2", "Enter")).toEqual({ typed: "42", called: true });
    expect(typed("4", "2", "Enter", "7")).toEqual({ typed: "7", called: false });
    expect(typed("4", "2", "Backspace")).toEqual({ typed: "4", called: false });
    expect(typed("4", "Escape")).toEqual(NO_CALL);
    expect(typed(..."1234567")).toEqual({ typed: "7", called: false });
  });

  it("leaves every other key alone", () => {
    for (const key of ["Enter", "Backspace", "Escape", "a", "ArrowUp", "F5"]) {
      expect(afterKey(NO_CALL, key)).toBeNull();
    }
    expect(afterKey({ typed: "4", called: false }, "Tab")).toBeNull();
  });

  it("ends by itself, called or not, so that a later Enter is not taken", () => {
    expect(lasting(NO_CALL)).toBeNull();
    const [waiting, called] = [lasting(typed("4", "2")), lasting(typed("4", "2", "Enter"))];
    expect(called).toBe(2_500);
    expect(waiting).toBeGreaterThan(2_500);
  });

  it("finds a camera by its whole number, then by its place before its commune", () => {
    const fleet = ["PV-95598-0042-P1", "PV-95042-0007-P1", "PV-95598-0007-P2", "42"].map(camera);
    expect(camerasCalled(fleet, "42").map(({ code }) => code)).toEqual(["42", "PV-95598-0042-P1"]);
    expect(camerasCalled(fleet, "0042")[0]?.code).toBe("42");
    expect(camerasCalled(fleet, "7").map(({ code }) => code)).toEqual([
      "PV-95042-0007-P1",
      "PV-95598-0007-P2",
    ]);
    expect(camerasCalled(fleet, "99")).toEqual([]);
    expect(camerasCalled(fleet, "")).toEqual([]);
  });
});

describe("carousel", () => {
  const three = { tile: 1, cameras: ["a", "b", "c"], seconds: 10, startedAt: 1_000 };

  it("gives each camera its time, over and over, and tells the next one", () => {
    const turns = [0, 9_999, 10_000, 29_999, 30_000].map((ms) => turnAt(three, 1_000 + ms));
    expect(turns.map((turn) => turn?.camera)).toEqual(["a", "a", "b", "c", "a"]);
    expect(turns.map((turn) => turn?.next)).toEqual(["b", "b", "c", "a", "b"]);
  });

  it("begins with the first, whatever the clock did, and needs cameras", () => {
    expect(turnAt(three, 0)?.camera).toBe("a");
    expect(turnAt({ ...three, cameras: [] }, 5_000)).toBeNull();
  });
});

describe("screens", () => {
  const tile = (camera_id: string | null, hidden = false) => ({ camera_id, preset: null, hidden });
  const screen = (revision: number) => ({ screen_id: "mur-1", revision }) as Screen;

  it("show a place that this agent may not know as such, and never a camera there", () => {
    const places = placesOf({ layout: 4, tiles: [tile("a"), tile(null, true), null] });
    expect(places).toEqual([
      { kind: "camera", cameraId: "a" },
      { kind: "hidden" },
      { kind: "empty" },
      { kind: "empty" },
    ]);
    expect(placesOf({ layout: 1, tiles: [tile("a", true)] })).toEqual([{ kind: "hidden" }]);
  });

  it("carry a wall there and back", () => {
    const wall = { layout: 4 as const, cameras: ["a", "", "c", ""] };
    const sent = tilesOf(wall).map((each) => (each ? tile(each.camera_id) : null));
    expect(wallOf({ layout: 4, tiles: sent })).toEqual(wall);
  });

  it("do not go back to what was replaced meanwhile", () => {
    expect(later(screen(5), screen(4)).revision).toBe(5);
    expect(later(screen(5), screen(6)).revision).toBe(6);
    expect(later(undefined, screen(1)).revision).toBe(1);
  });
});
