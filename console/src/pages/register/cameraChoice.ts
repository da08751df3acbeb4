import type { Camera } from "@/api/registry";

const BETWEEN = " · ";

type Named = Pick<Camera, "camera_id" | "label">;

/** What the list of suggestions shows for a camera: its id first, for that is what the register keeps. */
export const choiceOf = ({ camera_id, label }: Named): string => `${camera_id}${BETWEEN}${label}`;

/**
 * The camera id that typed text asks for. Case does not matter for a camera we know; any other text is asked as
 * it stands, for the register outlives the inventory: a camera that was taken down keeps its rows.
 */
export function askedCamera(typed: string, cameras: readonly Named[]): string {
  const id = (typed.split(BETWEEN)[0] ?? "").trim();
  const known = cameras.find(({ camera_id }) => camera_id.toLowerCase() === id.toLowerCase());
  return known?.camera_id ?? id;
}
