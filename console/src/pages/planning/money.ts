import { TAGS } from "@/i18n/format";
import type { Locale } from "@/i18n/translate";

const CENTS = 100;

/** Whole euros unless there are cents: "12 345 €", "12 345,60 €". */
export function formatEuros(cents: number, locale: Locale): string {
  return new Intl.NumberFormat(TAGS[locale], {
    style: "currency",
    currency: "EUR",
    minimumFractionDigits: cents % CENTS === 0 ? 0 : 2,
    maximumFractionDigits: 2,
  }).format(cents / CENTS);
}

/** Euros as typed ("12 345,60") in cents, without ever being a binary fraction; null when they are no amount. */
export function parseEuros(text: string): number | null {
  const bare = text.replace(/[\s€]/g, "").replace(",", ".");
  const match = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(bare);
  if (!match) return null;
  return Number(match[1]) * CENTS + Number((match[2] ?? "").padEnd(2, "0"));
}

/** Cents as a field shows them: "12345,60". */
export function eurosText(cents: number): string {
  const rest = cents % CENTS;
  return rest === 0 ? String(cents / CENTS) : `${Math.floor(cents / CENTS)},${String(rest).padStart(2, "0")}`;
}
