import type { Camera } from "@/api/registry";

/** Longest number a keypad call may have; what is typed beyond starts anew. */
const LONGEST = 6;

/** What is typed on the keypad so far, and whether it was called. */
export interface NumberCall {
  typed: string;
  called: boolean;
}

/** How long what was called is shown, and how long digits wait for the next key. */
const CALLED_MS = 2_500;
const TYPED_MS = 8_000;

export const NO_CALL: NumberCall = { typed: "", called: false };

/** Digits add up, Enter calls, Backspace and Escape take back; every other key is not ours (null). */
export function afterKey(call: NumberCall, key: string): NumberCall | null {
  const typed = call.called ? "" : call.typed;
  if (/^\d$/.test(key)) return { typed: typed.length < LONGEST ? typed + key : key, called: false };
  if (typed === "") return null;
  if (key === "Enter") return { typed, called: true };
  if (key === "Backspace") return { typed: typed.slice(0, -1), called: false };
  return key === "Escape" ? NO_CALL : null;
}

/** After how many ms a call ends by itself: forgotten digits must not take the Enter that is meant for a button. */
export function lasting({ typed, called }: NumberCall): number | null {
  if (typed === "") return null;
  return called ? CALLED_MS : TYPED_MS;
}

/** The numbers by which a camera may be called: each group of digits of its code, and all of them together. */
function numbersOf(camera: Camera): string[] {
  const groups = camera.code.match(/\d+/g) ?? [];
  return [...groups, groups.join("")].map((digits) => digits.replace(/^0+(?=\d)/, ""));
}

/**
 * The cameras a number may mean. The whole number of one code goes before a part of it, and where the last groups
 * decide (place and camera on its mast) before where the first do (the commune's, which all of a town share).
 */
export function camerasCalled(cameras: readonly Camera[], typed: string): Camera[] {
  const asked = typed.replace(/^0+(?=\d)/, "");
  if (asked === "") return [];
  const rank = (camera: Camera): number => {
    const numbers = numbersOf(camera);
    if (numbers.at(-1) === asked) return 0;
    const at = numbers.slice(0, -1).lastIndexOf(asked);
    return at < 0 ? Number.POSITIVE_INFINITY : numbers.length - at;
  };
  return cameras
    .map((camera) => ({ camera, rank: rank(camera) }))
    .filter((one) => Number.isFinite(one.rank))
    .toSorted((one, other) => one.rank - other.rank || one.camera.code.localeCompare(other.camera.code))
    .map(({ camera }) => camera);
}
