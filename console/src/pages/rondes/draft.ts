import type { Ronde, RondeStep, RondeTerms } from "@/api/rondes";

export const DWELL = { least: 5, usual: 10, most: 30 } as const;

/** A definition as it stands in the form; times are one line of text. */
export interface RondeDraft {
  name: string;
  purpose: string;
  steps: RondeStep[];
  days: number[];
  times: string;
  active: boolean;
  screen_id: string;
  place: number;
}

export function draftOf(ronde: Ronde | null): RondeDraft {
  return {
    name: ronde?.name ?? "",
    purpose: ronde?.purpose ?? "",
    steps: ronde?.steps.map((step) => ({ ...step })) ?? [],
    days: ronde?.schedule.days ?? [],
    times: ronde?.schedule.times.join(" ") ?? "",
    active: ronde?.active ?? true,
    screen_id: ronde?.screen_id ?? "",
    place: ronde?.place ?? 0,
  };
}

/** "22:00, 2h30" as sorted "HH:MM" without doubles; null when a word is no time of day. */
export function timesOf(text: string): string[] | null {
  const words = text.split(/[\s,;]+/).filter(Boolean);
  const times = words.map((word) => {
    const found = /^(\d{1,2})[:h](\d{2})?$/i.exec(word);
    const [hour, minute] = [Number(found?.[1]), Number(found?.[2] ?? "0")];
    if (!found || hour > 23 || minute > 59) return null;
    return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  });
  return times.includes(null) ? null : [...new Set(times as string[])].toSorted();
}

/** Seconds the ronde lasts when nothing holds it up. */
export function lasting(steps: readonly RondeStep[]): number {
  return steps.reduce((sum, step) => sum + step.dwell_seconds, 0);
}

export function clampedDwell(seconds: number): number {
  if (Number.isNaN(seconds)) return DWELL.usual;
  return Math.min(DWELL.most, Math.max(DWELL.least, Math.round(seconds)));
}

/** The steps with one moved by an offset; the same where it cannot go further. */
export function moved(steps: readonly RondeStep[], index: number, offset: number): RondeStep[] {
  const target = index + offset;
  const step = steps[index];
  if (!step || target < 0 || target >= steps.length) return [...steps];
  return steps.toSpliced(index, 1).toSpliced(target, 0, step);
}

/** What the server is told; null while something is missing or cannot be read. */
export function termsOf(draft: RondeDraft): RondeTerms | null {
  const times = timesOf(draft.times);
  if (!draft.name.trim() || !draft.purpose.trim() || draft.steps.length === 0 || times === null) return null;
  return {
    name: draft.name.trim(),
    purpose: draft.purpose.trim(),
    steps: draft.steps.map((step) => ({
      camera_id: step.camera_id,
      preset: step.preset?.trim() || null,
      dwell_seconds: clampedDwell(step.dwell_seconds),
    })),
    schedule: { days: draft.days.toSorted(), times },
    active: draft.active,
    screen_id: draft.screen_id || null,
    place: draft.place,
  };
}
