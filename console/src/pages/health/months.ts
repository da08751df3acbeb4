import { TAGS } from "@/i18n/format";
import type { Locale } from "@/i18n/translate";

/** The months that can be asked for, the present one first: `2026-11`, `2026-10`, … in Paris. */
export function lastMonths(now: Date, count: number): string[] {
  const [year = 1970, month = 1] = new Intl.DateTimeFormat("sv-SE", {
    year: "numeric",
    month: "2-digit",
    timeZone: "Europe/Paris",
  })
    .format(now)
    .split("-")
    .map(Number);
  return Array.from({ length: count }, (_, back) => {
    const months = year * 12 + (month - 1) - back;
    return `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, "0")}`;
  });
}

/** A share as people read it, never rounded up to a perfect one: 0.99996 is "99,99 %". */
export function formatRate(rate: number | null, locale: Locale): string {
  if (rate === null) return "–";
  const shown = Math.floor(rate * 10_000) / 10_000;
  return new Intl.NumberFormat(TAGS[locale], {
    style: "percent",
    minimumFractionDigits: shown === 1 ? 0 : 2,
    maximumFractionDigits: 2,
  }).format(shown);
}
