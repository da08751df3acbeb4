import { describe, expect, it } from "vitest";
import {
  clicked,
  closed,
  cornerAt,
  type Drawing,
  EMPTY,
  labelled,
  pointsOf,
  undone,
  without,
} from "@/pages/masks/drawing";

const triangle: Drawing = [
  [0.1, 0.1],
  [0.5, 0.1],
  [0.5, 0.5],
].reduce<Drawing>((drawing, [x, y]) => clicked(drawing, [x ?? 0, y ?? 0]), EMPTY);

describe("drawing masks", () => {
  it("measures a pointer on the picture, whatever size it is shown in", () => {
    const box = { left: 100, top: 50, width: 200, height: 100 };
    expect(cornerAt({ x: 150, y: 75 }, box)).toEqual([0.25, 0.25]);
    expect(cornerAt({ x: 0, y: 500 }, box)).toEqual([0, 1]);
  });

  it("closes an area by a click on its first corner, not before three corners", () => {
    expect(clicked(triangle, [0.105, 0.105]).areas).toHaveLength(1);
    const two = { areas: [], open: triangle.open.slice(0, 2) };
    expect(closed(two)).toBe(two);
    expect(clicked(two, [0.1, 0.1]).open).toHaveLength(3);
  });

  it("takes back corner by corner, into the last area", () => {
    const done = closed(triangle);
    expect(undone(done)).toEqual({ areas: [], open: triangle.open });
    expect(undone(undone(done)).open).toHaveLength(2);
    expect(undone(EMPTY)).toBe(EMPTY);
  });

  it("names and removes areas", () => {
    const named = labelled(closed(triangle), 0, "fenêtre");
    expect(named.areas[0]?.label).toBe("fenêtre");
    expect(without(named, 0).areas).toEqual([]);
  });

  it("puts corners on the picture's own pixels", () => {
    expect(pointsOf([[0.5, 0.25]], 1280, 720)).toBe("640.0,180.0");
  });
});
