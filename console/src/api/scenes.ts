import { call } from "./http";

export type WallLayout = 1 | 4 | 9 | 16;

/** A tile as the server lets this agent know it: `hidden` where the camera is outside the agent's communes. */
export interface ScreenTile {
  camera_id: string | null;
  preset: string | null;
  hidden: boolean;
}

export interface TileAsk {
  camera_id: string;
  preset?: string | null;
}

export interface SceneAsk {
  name: string;
  layout: WallLayout;
  tiles: (TileAsk | null)[];
  shared: boolean;
}

export interface Scene {
  scene_id: string;
  name: string;
  layout: WallLayout;
  tiles: (ScreenTile | null)[];
  shared: boolean;
  owner_id: string;
  owner_name: string;
}

export interface Screen {
  screen_id: string;
  label: string;
  wall: string;
  communes: string[];
  layout: WallLayout;
  tiles: (ScreenTile | null)[];
  origin: string;
  scene_name: string;
  pushed_by: string;
  pushed_by_name: string;
  pushed_at: string;
  revision: number;
  seat: { agent_id: string; agent_name: string; until: string } | null;
}

export interface PushOutcome {
  screen: Screen;
  presets: { camera_id: string; outcome: string; reason: string }[];
}

const screen = (id: string): string => `/api/stream/screens/${encodeURIComponent(id)}`;

export const fetchScenes = async (): Promise<Scene[]> =>
  (await call<{ items: Scene[] }>("GET", "/api/stream/scenes")).items;

export const saveScene = (scene: SceneAsk): Promise<Scene> =>
  call("POST", "/api/stream/scenes", { body: scene });

export const deleteScene = (id: string): Promise<void> =>
  call("DELETE", `/api/stream/scenes/${encodeURIComponent(id)}`);

export const fetchScreens = async (): Promise<Screen[]> =>
  (await call<{ items: Screen[] }>("GET", "/api/stream/screens")).items;

export const defineScreen = (
  id: string,
  terms: { label: string; wall: string; communes: string[] },
): Promise<Screen> => call("PUT", screen(id), { body: terms });

export const pushScene = (id: string, sceneId: string): Promise<PushOutcome> =>
  call("POST", `${screen(id)}/push`, { body: { scene_id: sceneId } });

export const pushTiles = (id: string, layout: WallLayout, tiles: (TileAsk | null)[]): Promise<PushOutcome> =>
  call("POST", `${screen(id)}/push`, { body: { content: { layout, tiles } } });

export const pushTile = (id: string, place: number, tile: TileAsk | null): Promise<Screen> =>
  call("PUT", `${screen(id)}/tiles/${place}`, { body: { tile } });

/** Says that somebody is logged in at this screen; returns what it is to show. */
export const sitAtScreen = (id: string, signal?: AbortSignal): Promise<Screen> =>
  call("POST", `${screen(id)}/presence`, signal ? { signal } : {});
