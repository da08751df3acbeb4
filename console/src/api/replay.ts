import { call, type Page } from "./http";

export interface ReplayAsk {
  camera_id: string;
  from: string;
  to: string;
  motive_code: string;
  motive_text: string;
  incident_id?: string;
}

/** An opened replay of [starts_at, ends_at). `right` is "live" for the last seconds of one's own live session. */
export interface Replay {
  replay_id: string;
  camera_id: string;
  starts_at: string;
  ends_at: string;
  closes_at: string;
  expires_at: string | null;
  right: "replay" | "live";
  playlist_path: string;
  key_pictures_path: string;
  timeline_path: string;
}

/** Uninterrupted pictures; `position`: seconds of film before them. */
export interface Piece {
  starts_at: string;
  ends_at: string;
  position: number;
}

/** Time without pictures; `cause` is null where nobody declared one (yet). */
export interface Hole {
  starts_at: string;
  ends_at: string;
  cause: string | null;
}

export type BookmarkColor = "ambre" | "rouge" | "bleu" | "vert";

export interface Bookmark {
  bookmark_id: string;
  camera_id: string;
  at: string;
  label: string;
  color: BookmarkColor;
  incident_id: string | null;
  author_id: string;
  author_name: string;
  created_at: string;
  changeable_until: string;
  expires_at: string;
}

export interface ReplayTimeline {
  starts_at: string;
  ends_at: string;
  closes_at: string;
  expires_at: string | null;
  duration: number;
  pieces: Piece[];
  gaps: Hole[];
  pictures: string[];
  bookmarks: Bookmark[];
}

export interface Thumbnail {
  asked_at: string;
  at: string;
  jpeg: string;
}

const replay = (id: string): string => `/api/stream/replays/${encodeURIComponent(id)}`;

export const openReplay = (ask: ReplayAsk): Promise<Replay> =>
  call("POST", "/api/stream/replays", { body: ask });

export const openInstantReplay = (
  cameraId: string,
  ask: { seconds: number; session_id?: string; incident_id?: string },
): Promise<Replay> =>
  call("POST", `/api/stream/cameras/${encodeURIComponent(cameraId)}/instant-replay`, { body: ask });

export const renewReplay = (id: string): Promise<{ closes_at: string }> =>
  call("POST", `${replay(id)}/renewal`);

/** `keepalive`: the request is sent even while the page goes away. */
export const closeReplay = (id: string): Promise<void> => call("DELETE", replay(id), { keepalive: true });

export const fetchTimeline = (path: string, signal?: AbortSignal): Promise<ReplayTimeline> =>
  call("GET", path, signal ? { signal } : {});

/** Small pictures for at most 60 instants. */
export const fetchThumbnails = async (
  id: string,
  instants: string[],
  signal: AbortSignal,
): Promise<Thumbnail[]> => {
  const search = new URLSearchParams(instants.map((at) => ["at", at]));
  return (await call<Page<Thumbnail>>("GET", `${replay(id)}/thumbnails?${search}`, { signal })).items;
};

export const addBookmark = (mark: {
  camera_id: string;
  at: string;
  label?: string;
  color?: BookmarkColor;
  incident_id?: string;
}): Promise<Bookmark> => call("POST", "/api/stream/bookmarks", { body: mark });

export const renameBookmark = (id: string, label: string, color: BookmarkColor): Promise<Bookmark> =>
  call("PATCH", `/api/stream/bookmarks/${encodeURIComponent(id)}`, { body: { label, color } });

export const removeBookmark = (id: string): Promise<void> =>
  call("DELETE", `/api/stream/bookmarks/${encodeURIComponent(id)}`);
