import type { PtzHolder, Velocity } from "@/api/ptz";

export type Direction = "up" | "down" | "left" | "right" | "zoom_in" | "zoom_out";

const SPEED = 0.5;

const AXES: Record<Direction, Velocity> = {
  up: { pan: 0, tilt: SPEED, zoom: 0 },
  down: { pan: 0, tilt: -SPEED, zoom: 0 },
  left: { pan: -SPEED, tilt: 0, zoom: 0 },
  right: { pan: SPEED, tilt: 0, zoom: 0 },
  zoom_in: { pan: 0, tilt: 0, zoom: SPEED },
  zoom_out: { pan: 0, tilt: 0, zoom: -SPEED },
};

export const velocityFor = (direction: Direction): Velocity => AXES[direction];

export const isStill = ({ pan, tilt, zoom }: Velocity): boolean => pan === 0 && tilt === 0 && zoom === 0;

export const sameVelocity = (one: Velocity, other: Velocity): boolean =>
  one.pan === other.pan && one.tilt === other.tilt && one.zoom === other.zoom;

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

/** Seconds until the camera is free, counted from when the server said so: both clocks may differ. */
export function secondsLeft(holder: PtzHolder, toldAt: number, now: number): number {
  return Math.max(0, Math.ceil(holder.remaining_seconds - Math.max(0, now - toldAt) / 1000));
}
