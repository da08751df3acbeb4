import type { Need, YearBudget } from "@/api/planning";
import { plain } from "@/cameras/search";

/** What is shown of the needs; "" asks nothing, `UNPLANNED` asks for those without any year. */
export interface NeedFilter {
  status: string;
  year: string;
  priority: string;
  text: string;
}

export const UNPLANNED = "none";
export const NO_FILTER: NeedFilter = { status: "", year: "", priority: "", text: "" };

/** The year a need stands in: the one people chose, else the proposed one. */
export function yearOf(need: Need): number | null {
  const settled = need.status === "programme" || need.status === "realise" || need.year_fixed;
  return settled ? need.budget_year : need.proposed_year;
}

export function matching(needs: readonly Need[], filter: NeedFilter): Need[] {
  const words = plain(filter.text).split(/\s+/).filter(Boolean);
  return needs.filter((need) => {
    const year = yearOf(need);
    const text = plain(`${need.reference} ${need.place} ${need.motive} ${need.requested_by} ${need.commune}`);
    return (
      (filter.status === "" || need.status === filter.status) &&
      (filter.priority === "" || String(need.priority) === filter.priority) &&
      (filter.year === "" || (filter.year === UNPLANNED ? year === null : String(year) === filter.year)) &&
      words.every((word) => text.includes(word))
    );
  });
}

/** By year (none last), then priority, then age: the order in which a programme is read. */
export function inProgrammeOrder(a: Need, b: Need): number {
  return (
    (yearOf(a) ?? Number.POSITIVE_INFINITY) - (yearOf(b) ?? Number.POSITIVE_INFINITY) ||
    a.priority - b.priority ||
    a.surveyed_on.localeCompare(b.surveyed_on) ||
    a.reference.localeCompare(b.reference)
  );
}

export const totalOf = (needs: readonly Need[]): number =>
  needs.reduce((sum, need) => sum + need.total_cents, 0);

/** Shares of a year's bar, in percent; an overfull year is scaled so that all of it is seen. */
export function sharesOf({ envelope_cents, committed_cents, proposed_cents }: YearBudget) {
  const whole = Math.max(envelope_cents, committed_cents + proposed_cents, 1);
  const percent = (cents: number) => (100 * cents) / whole;
  return {
    committed: percent(committed_cents),
    proposed: percent(proposed_cents),
    envelope: percent(envelope_cents),
  };
}
