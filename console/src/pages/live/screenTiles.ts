import type { Scene, Screen, ScreenTile, TileAsk } from "@/api/scenes";
import type { Wall } from "./wall";

/** What a place of a screen shows to whoever is logged in there. */
export type Place = { kind: "camera"; cameraId: string } | { kind: "hidden" } | { kind: "empty" };

function placeOf(tile: ScreenTile | null | undefined): Place {
  if (!tile) return { kind: "empty" };
  return tile.camera_id && !tile.hidden ? { kind: "camera", cameraId: tile.camera_id } : { kind: "hidden" };
}

/** One place per tile of the layout, whatever the server sent. */
export function placesOf(screen: Pick<Screen, "layout" | "tiles">): Place[] {
  return Array.from({ length: screen.layout }, (_, index) => placeOf(screen.tiles[index]));
}

/** A scene as a wall of the live page. */
export function wallOf(scene: Pick<Scene, "layout" | "tiles">): Wall {
  const cameras = placesOf(scene).map((place) => (place.kind === "camera" ? place.cameraId : ""));
  return { layout: scene.layout, cameras };
}

/** What the server is told of a wall. */
export function tilesOf(wall: Wall): (TileAsk | null)[] {
  return wall.cameras.map((cameraId) => (cameraId ? { camera_id: cameraId } : null));
}

/** The latest of two states of a screen: an answer that was overtaken must not bring back what was replaced. */
export function later(known: Screen | undefined, heard: Screen): Screen {
  return known && known.screen_id === heard.screen_id && known.revision > heard.revision ? known : heard;
}
