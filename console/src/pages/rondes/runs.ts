import type { Finding, RondeRun, RunCommand, RunState } from "@/api/rondes";
import type { Tone } from "@/design/StateDot";

export const FINDINGS: readonly Finding[] = ["ras", "evenement", "masque_ko", "image_ko"];

const COMMANDS: Record<RunState, readonly RunCommand[]> = {
  attendue: ["take", "stop"],
  en_cours: ["pause", "skip", "stop"],
  en_pause: ["resume", "stop"],
  a_clore: ["close"],
  terminee: [],
  arretee: [],
  manquee: [],
};

/** What may be asked of a run in its state, the likeliest first. */
export function commandsFor(state: RunState): readonly RunCommand[] {
  return COMMANDS[state];
}

const TONES: Record<RunState, Tone> = {
  attendue: "warn",
  en_cours: "good",
  en_pause: "warn",
  a_clore: "warn",
  terminee: "good",
  arretee: "idle",
  manquee: "bad",
};

export function toneOf(state: RunState): Tone {
  return TONES[state];
}

/** Milliseconds the present step still lasts; null unless the run goes on. */
export function leftOf(run: Pick<RondeRun, "ends_at">, now: number): number | null {
  return run.ends_at ? Math.max(0, Date.parse(run.ends_at) - now) : null;
}

/** The step a finding is for when nobody says which: the present one, else the last that began. */
export function stepToMark(run: Pick<RondeRun, "current" | "steps" | "state">): number | null {
  if (!["en_cours", "en_pause", "a_clore"].includes(run.state)) return null;
  if (run.current !== null) return run.current;
  const begun = run.steps.filter((step) => step.entered_at !== null);
  return begun.at(-1)?.step ?? null;
}
