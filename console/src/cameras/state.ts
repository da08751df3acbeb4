import type { Camera } from "@/api/registry";
import type { Tone } from "@/design/StateDot";

export type CameraState = "online" | "offline" | "unknown" | "no_stream";

/** One word for what an operator may expect of a camera. */
export function cameraState(camera: Pick<Camera, "has_stream" | "online">): CameraState {
  if (!camera.has_stream) return "no_stream";
  if (camera.online === null) return "unknown";
  return camera.online ? "online" : "offline";
}

export const TONE_OF_STATE: Record<CameraState, Tone> = {
  online: "good",
  offline: "bad",
  unknown: "warn",
  no_stream: "idle",
};

/** Same as the CSS variables of the theme: a map layer cannot read those. */
export const COLOUR_OF_STATE: Record<CameraState, string> = {
  online: "#3fc38a",
  offline: "#ff7a6b",
  unknown: "#e0b34a",
  no_stream: "#8793a3",
};

const ORDER: Record<CameraState, number> = { online: 0, unknown: 1, offline: 2, no_stream: 3 };

export function byUsefulness(a: Camera, b: Camera): number {
  return (
    ORDER[cameraState(a)] - ORDER[cameraState(b)] || a.label.localeCompare(b.label, "fr", { numeric: true })
  );
}
