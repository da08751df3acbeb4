import type { Locale } from "./translate";

/** The law and the room live in Paris time; servers speak UTC. */
const TIME_ZONE = "Europe/Paris";

export const TAGS: Record<Locale, string> = { fr: "fr-FR", en: "en-GB" };

export function formatTime(at: string | Date, locale: Locale): string {
  return new Intl.DateTimeFormat(TAGS[locale], { timeStyle: "medium", timeZone: TIME_ZONE }).format(
    new Date(at),
  );
}

export function formatDate(at: string | Date, locale: Locale): string {
  return new Intl.DateTimeFormat(TAGS[locale], {
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    timeZone: TIME_ZONE,
  }).format(new Date(at));
}

export function formatDateTime(at: string | Date, locale: Locale): string {
  return `${formatDate(at, locale)} ${formatTime(at, locale)}`;
}

/** "00:42", "12:03", "1 h 04", "2 j 03 h": short enough for a queue, never jumping in width within a unit. */
export function formatElapsed(milliseconds: number, locale: Locale): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (value: number) => String(value).padStart(2, "0");
  if (days > 0) return `${days} ${locale === "fr" ? "j" : "d"} ${two(hours % 24)} h`;
  if (hours > 0) return `${hours} h ${two(minutes % 60)}`;
  return `${two(minutes)}:${two(seconds % 60)}`;
}

/** Age of a picture: tenths below 10 s, where they matter; whole seconds above. */
export function formatAge(milliseconds: number, locale: Locale): string {
  const seconds = Math.max(0, milliseconds / 1000);
  const digits = seconds < 10 ? 1 : 0;
  const text = new Intl.NumberFormat(TAGS[locale], {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(seconds);
  return `${text} s`;
}

/** "+0,3 s" or "−1,2 s": which way a clock is off; no sign for what is shown as nothing. */
export function formatOffset(milliseconds: number, locale: Locale): string {
  const age = Math.abs(milliseconds);
  const sign = age < 50 ? "" : milliseconds > 0 ? "+" : "−";
  return `${sign}${formatAge(age, locale)}`;
}

/** "1 234,5": tenths only where there are any. */
export const formatFigure = (value: number, locale: Locale): string =>
  new Intl.NumberFormat(TAGS[locale], { maximumFractionDigits: 1 }).format(value);

/** Offset of Paris from UTC at an instant, in ms. */
function parisOffset(at: Date): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: TIME_ZONE,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((item) => item.type === type)?.value);
  const wall = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return wall - Math.floor(at.getTime() / 1000) * 1000;
}

/** A `datetime-local` value typed in Paris time, whatever zone the workstation is set to, as RFC 3339 UTC. */
export function parisToUtc(local: string): string | null {
  const naive = new Date(`${local}Z`);
  if (local === "" || Number.isNaN(naive.getTime())) return null;
  const guess = new Date(naive.getTime() - parisOffset(naive));
  return new Date(naive.getTime() - parisOffset(guess)).toISOString();
}

const PARIS_LOCAL = new Intl.DateTimeFormat("sv-SE", {
  timeZone: TIME_ZONE,
  dateStyle: "short",
  timeStyle: "medium",
});

/** An instant as a `datetime-local` field shows it, in Paris, to the second. */
export const utcToParis = (at: string): string => PARIS_LOCAL.format(new Date(at)).replace(" ", "T");
