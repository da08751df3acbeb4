import type { Arrete } from "@/api/arretes";
import type { Tone } from "@/design/StateDot";
import type { MessageKey } from "@/i18n/translate";

const DAY_MS = 86_400_000;

/** How an arrêté stands, worst first: what a list colours and words. */
export type Standing = "ended" | "urgent" | "due" | "soon" | "coming" | "renewed" | "quiet";

/** From here on a renewal file that is not handed in is late. */
const DUE_DAYS = 120;
const URGENT_DAYS = 30;

export function standingOf(arrete: Arrete, now: number): Standing {
  if (new Date(arrete.valid_until).getTime() <= now) return "ended";
  if (arrete.renewal.gap_seconds === 0) return "renewed";
  if (new Date(arrete.valid_from).getTime() > now) return "coming";
  const days = arrete.warning_days;
  if (days === null) return "quiet";
  if (days <= URGENT_DAYS) return "urgent";
  return days <= DUE_DAYS ? "due" : "soon";
}

export const TONES: Record<Standing, Tone> = {
  ended: "bad",
  urgent: "bad",
  due: "warn",
  soon: "warn",
  coming: "idle",
  renewed: "good",
  quiet: "good",
};

export const WORDS: Record<Standing, MessageKey> = {
  ended: "arretes.standing.ended",
  urgent: "arretes.standing.urgent",
  due: "arretes.standing.due",
  soon: "arretes.standing.soon",
  coming: "arretes.standing.coming",
  renewed: "arretes.standing.renewed",
  quiet: "arretes.standing.quiet",
};

/** Whole days left, rounded up: one second before the end is still one day; 0 once it has ended. */
export function daysLeft(until: string, now: number): number {
  return Math.max(0, Math.ceil((new Date(until).getTime() - now) / DAY_MS));
}

const ORDER: Standing[] = ["urgent", "due", "soon", "quiet", "renewed", "coming", "ended"];

/** What asks for work comes first, then by the end that comes first; what has ended is last. */
export function byUrgency(now: number): (a: Arrete, b: Arrete) => number {
  const rank = (arrete: Arrete) => ORDER.indexOf(standingOf(arrete, now));
  return (a, b) => rank(a) - rank(b) || a.valid_until.localeCompare(b.valid_until);
}
