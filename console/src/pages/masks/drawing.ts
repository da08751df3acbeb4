import type { Corner, MaskPolygon } from "@/api/masks";

/** A drawing under way: finished areas, and the corners of the one being drawn. */
export interface Drawing {
  areas: MaskPolygon[];
  open: Corner[];
}

export const EMPTY: Drawing = { areas: [], open: [] };

/** Corners nearer than this to the first one close the area (fraction of the picture's width). */
const CLOSING = 0.02;

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/** Where a pointer is on the picture, in fractions of it; outside counts as the edge. */
export function cornerAt(
  pointer: { x: number; y: number },
  box: { left: number; top: number; width: number; height: number },
): Corner {
  return [clamp((pointer.x - box.left) / box.width), clamp((pointer.y - box.top) / box.height)];
}

/** A click: one more corner, or the end of the area when it falls on its first corner. */
export function clicked(drawing: Drawing, corner: Corner): Drawing {
  const [first] = drawing.open;
  if (first && drawing.open.length >= 3 && Math.hypot(first[0] - corner[0], first[1] - corner[1]) < CLOSING) {
    return closed(drawing);
  }
  return { ...drawing, open: [...drawing.open, corner] };
}

/** Finishes the area being drawn; fewer than three corners are no area and stay open. */
export function closed(drawing: Drawing): Drawing {
  if (drawing.open.length < 3) return drawing;
  return { areas: [...drawing.areas, { corners: drawing.open, label: "" }], open: [] };
}

/** Takes the last corner back, or reopens the last area. */
export function undone(drawing: Drawing): Drawing {
  if (drawing.open.length > 0) return { ...drawing, open: drawing.open.slice(0, -1) };
  const last = drawing.areas.at(-1);
  return last ? { areas: drawing.areas.slice(0, -1), open: last.corners } : drawing;
}

export function labelled(drawing: Drawing, index: number, label: string): Drawing {
  return { ...drawing, areas: drawing.areas.map((area, at) => (at === index ? { ...area, label } : area)) };
}

export function without(drawing: Drawing, index: number): Drawing {
  return { ...drawing, areas: drawing.areas.filter((_, at) => at !== index) };
}

/** The points of an SVG polygon over a picture of `width` × `height`. */
export const pointsOf = (corners: Corner[], width: number, height: number): string =>
  corners.map(([x, y]) => `${(x * width).toFixed(1)},${(y * height).toFixed(1)}`).join(" ");
