import type { Velocity } from "@/api/ptz";

/** Of the whole way of the stick: worn sticks do not come back to their middle. */
export const DEAD_ZONE = 0.12;

/** What we read of a Gamepad. */
export type Stick = Pick<Gamepad, "axes" | "mapping">;

/** Speed of one axis: nothing within the dead zone, then from 0, fine near the middle and full at the end. */
export function shaped(value: number | undefined): number {
  if (value === undefined || !Number.isFinite(value)) return 0;
  const away = Math.min(1, Math.abs(value));
  if (away <= DEAD_ZONE) return 0;
  const share = (away - DEAD_ZONE) / (1 - DEAD_ZONE);
  return Math.round(Math.sign(value) * share * share * 100) / 100;
}

/** A stick pushed away looks up. A gamepad zooms with its right stick, a joystick by turning its handle. */
export function velocityOf({ axes, mapping }: Stick): Velocity {
  const zoom = mapping === "standard" ? -shaped(axes[3]) : shaped(axes[2]);
  return { pan: shaped(axes[0]), tilt: -shaped(axes[1]) || 0, zoom: zoom || 0 };
}

/** The first stick that is plugged in. */
export function pluggedIn(sticks: readonly (Gamepad | null)[]): Gamepad | null {
  return sticks.find((stick) => stick?.connected) ?? null;
}
