import type { Quality } from "@/api/stream";

export const LAYOUTS = [1, 4, 9, 16] as const;
export type Layout = (typeof LAYOUTS)[number];

/** What the live page shows: fully in its address, so that a reload, a bookmark or a link brings it back. */
export interface Wall {
  layout: Layout;
  /** One camera id per tile, "" for an empty one; always `layout` long. */
  cameras: string[];
  /** The first tile shows, large, whatever camera was pointed at last. */
  hotspot?: boolean;
}

function spread(cameras: readonly string[], layout: Layout): string[] {
  return Array.from({ length: layout }, (_, index) => cameras[index] ?? "");
}

export function readWall(search: URLSearchParams): Wall {
  const cameras = (search.get("cameras") ?? "").split(",");
  const asked = Number(search.get("grille"));
  const layout = LAYOUTS.find((each) => each === asked) ?? 1;
  const wall: Wall = { layout, cameras: spread(cameras, layout) };
  return search.get("principale") === "1" && layout > 1 ? { ...wall, hotspot: true } : wall;
}

export function writeWall(wall: Wall): URLSearchParams {
  const cameras = wall.cameras.join(",").replace(/,+$/, "");
  return new URLSearchParams({
    grille: String(wall.layout),
    ...(cameras ? { cameras } : {}),
    ...(wall.hotspot ? { principale: "1" } : {}),
  });
}

/** Change the layout. Going smaller keeps the selected tile's camera first, then the others in order. */
export function withLayout(wall: Wall, layout: Layout, selected: number): Wall {
  const focused = wall.cameras[selected];
  const shrinking = layout < wall.layout;
  const shown = wall.cameras.filter(Boolean);
  const ordered = shrinking && focused ? [focused, ...shown.filter((id) => id !== focused)] : wall.cameras;
  const cameras = spread(shrinking ? ordered.filter(Boolean) : ordered, layout);
  return wall.hotspot && layout > 1 ? { layout, cameras, hotspot: true } : { layout, cameras };
}

export function withCamera(wall: Wall, tile: number, cameraId: string): Wall {
  return { ...wall, cameras: wall.cameras.map((id, index) => (index === tile ? cameraId : id)) };
}

/** Turn the large first tile on or off; a single picture has none. */
export function withHotspot(wall: Wall, on: boolean): Wall {
  const { layout, cameras } = wall;
  return on && layout > 1 ? { layout, cameras, hotspot: true } : { layout, cameras };
}

/** What pointing at a tile changes: its camera goes to the large first tile, where there is one. */
export function pointedAt(wall: Wall, tile: number): Wall {
  const camera = wall.cameras[tile];
  return wall.hotspot && tile > 0 && camera ? withCamera(wall, 0, camera) : wall;
}

/** The tile the next camera should go to: the selected one while empty, else the first empty one. */
export function nextTile(wall: Wall, selected: number): number {
  if (!wall.cameras[selected]) return selected;
  const empty = wall.cameras.indexOf("");
  return empty < 0 ? selected : empty;
}

/** Sixteen main streams saturate a workstation's decoder: a mosaic uses the small ones, its large tile the main one. */
export function qualityFor(layout: Layout, tile = 0, hotspot = false): Quality {
  return layout === 1 || (hotspot && tile === 0) ? "main" : "sub";
}

/** Address of the live page with these cameras, in the smallest layout that holds them. */
export function livePath(cameraIds: readonly string[]): string {
  const layout = LAYOUTS.find((each) => each >= cameraIds.length) ?? 16;
  return `/direct?${writeWall({ layout, cameras: spread(cameraIds, layout) })}`;
}
