import type { PtzMove } from "@/api/stream";

export type Direction = "up" | "down" | "left" | "right" | "zoom_in" | "zoom_out";

/** While a direction is held the order is repeated, each one living a little longer than the interval: should
 * the console vanish, the camera stops by itself. */
export const REPEAT_MS = 500;
export const ORDER_MS = 900;
const SPEED = 0.5;

const AXES: Record<Direction, Pick<PtzMove, "pan" | "tilt" | "zoom">> = {
  up: { pan: 0, tilt: SPEED, zoom: 0 },
  down: { pan: 0, tilt: -SPEED, zoom: 0 },
  left: { pan: -SPEED, tilt: 0, zoom: 0 },
  right: { pan: SPEED, tilt: 0, zoom: 0 },
  zoom_in: { pan: 0, tilt: 0, zoom: SPEED },
  zoom_out: { pan: 0, tilt: 0, zoom: -SPEED },
};

export const moveFor = (direction: Direction): PtzMove => ({ ...AXES[direction], duration_ms: ORDER_MS });

/** No speed on any axis: stand still. 50 ms is the shortest order the gateway takes. */
export const STOP: PtzMove = { pan: 0, tilt: 0, zoom: 0, duration_ms: 50 };

const KEYS: Record<string, Direction> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  "+": "zoom_in",
  "=": "zoom_in",
  "-": "zoom_out",
};

export const directionOfKey = (key: string): Direction | null => KEYS[key] ?? null;
