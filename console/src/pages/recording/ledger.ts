import type { LedgerGap, LedgerLine } from "@/api/recording";
import { parisToUtc, utcToParis } from "@/i18n/format";

/** Whole seconds of which the last three make the first one. */
export interface Sums {
  expected: number;
  recorded: number;
  gap: number;
  open: number;
}

/** The parts as whole seconds that still make the whole: where rounding would not, the largest remainder gives way. */
export function wholeSeconds(
  line: Omit<LedgerLine, "camera_id" | "label" | "insee" | "gaps" | "edge">,
): Sums {
  const parts = [line.recorded_seconds, line.gap_seconds, line.open_seconds];
  const whole = parts.map(Math.floor);
  const expected = Math.round(parts.reduce((sum, part) => sum + part, 0));
  const byRemainder = [0, 1, 2].sort((one, other) => remainder(parts, other) - remainder(parts, one));
  let missing = expected - whole.reduce((sum, part) => sum + part, 0);
  for (const index of byRemainder) {
    if (missing <= 0) break;
    whole[index] = (whole[index] ?? 0) + 1;
    missing -= 1;
  }
  const [recorded = 0, gap = 0, open = 0] = whole;
  return { expected, recorded, gap, open };
}

const remainder = (parts: readonly number[], index: number): number => (parts[index] ?? 0) % 1;

export function total(sums: readonly Sums[]): Sums {
  return sums.reduce(
    (all, one) => ({
      expected: all.expected + one.expected,
      recorded: all.recorded + one.recorded,
      gap: all.gap + one.gap,
      open: all.open + one.open,
    }),
    { expected: 0, recorded: 0, gap: 0, open: 0 },
  );
}

/** "23:59:58", never rounded to hours: the ledger adds up to the second. */
export function formatSeconds(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** A day of Paris, in ms: 23, 24 or 25 hours. Null for what is no day. */
export function dayWindow(day: string): { starts: number; ends: number } | null {
  const starts = parisToUtc(`${day}T00:00`);
  const ends = starts ? parisToUtc(`${shifted(day, 1)}T00:00`) : null;
  return starts && ends ? { starts: Date.parse(starts), ends: Date.parse(ends) } : null;
}

/** The day some days later (or earlier) in the calendar: "2026-12-01", -1 gives "2026-11-30". */
export function shifted(day: string, days: number): string {
  const at = new Date(`${day}T12:00:00Z`);
  if (Number.isNaN(at.getTime())) return day;
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** Today in Paris. */
export function todayInParis(now: Date): string {
  return utcToParis(now.toISOString()).slice(0, 10);
}

export interface Band {
  gap: LedgerGap;
  /** Shares of the day in percent, within it. */
  left: number;
  width: number;
}

/** Where the declared gaps of a day are on its bar; the shortest one stays visible. */
export function bandsOf(gaps: readonly LedgerGap[], window: { starts: number; ends: number }): Band[] {
  const span = window.ends - window.starts;
  const share = (at: string) => Math.min(100, Math.max(0, ((Date.parse(at) - window.starts) / span) * 100));
  return gaps.map((gap) => {
    const left = Math.min(share(gap.started_at), 100 - SHORTEST_BAND);
    return { gap, left, width: Math.max(SHORTEST_BAND, share(gap.ended_at) - left) };
  });
}

const SHORTEST_BAND = 0.3;

/** Words of the file's columns and of its kinds of rows; `stored`: what stands for the cause of what a card gave. */
export interface CsvWords {
  columns: readonly string[];
  total: string;
  gap: string;
  edge: string;
  stored: string;
}

/**
 * A line for each camera with its sums, and below it one for each of its gaps and of the answers of its card; as
 * spreadsheets of France read it.
 */
export function ledgerCsv(day: string, lines: readonly LedgerLine[], words: CsvWords): string {
  const rows = lines.flatMap((line) => {
    const { expected, recorded, gap, open } = wholeSeconds(line);
    const camera = [day, line.camera_id, line.label, line.insee];
    return [
      [words.total, ...camera, expected, recorded, gap, open, "", "", ""],
      ...line.gaps.map((one) => span(words.gap, camera, one, one.cause)),
      ...line.edge.map((one) => span(words.edge, camera, one, one.reason || words.stored)),
    ];
  });
  const text = [words.columns, ...rows].map((row) => row.map(cell).join(";")).join("\r\n");
  return `\ufeff${text}\r\n`;
}

const span = (
  kind: string,
  camera: readonly string[],
  { started_at, ended_at }: { started_at: string; ended_at: string },
  words: string,
): string[] => [kind, ...camera, "", "", "", "", started_at, ended_at, words];

/** A cell that a spreadsheet takes for a text, not for a formula. */
function cell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
