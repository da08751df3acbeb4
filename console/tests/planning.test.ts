import { describe, expect, it } from "vitest";
import type { Need } from "@/api/planning";
import { needDraft, needTerms } from "@/pages/planning/draft";
import { eurosText, formatEuros, parseEuros } from "@/pages/planning/money";
import {
  inProgrammeOrder,
  matching,
  NO_FILTER,
  sharesOf,
  totalOf,
  UNPLANNED,
  yearOf,
} from "@/pages/planning/needs";

function need(changes: Partial<Need> = {}): Need {
  return {
    need_id: "N-1",
    insee: "62119",
    commune: "Béthune",
    reference: "B-1",
    place: "Grand'Place",
    position: { lon: 2.64, lat: 50.53 },
    camera_kind: "ptz",
    finalite: "securite_personnes_biens",
    motive: "Dégradations",
    requested_by: "Police municipale",
    surveyed_on: "2024-05-01",
    priority: 2,
    cost_cents: 750_050,
    works: [{ kind: "fibre", label: "120 m", cost_cents: 240_000 }],
    total_cents: 990_050,
    status: "retenu",
    next: ["programme"],
    budget_year: null,
    year_fixed: false,
    proposed_year: 2027,
    camera_id: null,
    note: "",
    revision: 0,
    ...changes,
  };
}

describe("money", () => {
  it("reads euros without a binary fraction", () => {
    expect(parseEuros("12 345,60 €")).toBe(1_234_560);
    expect(parseEuros("0,29")).toBe(29);
    expect(parseEuros("100000")).toBe(10_000_000);
    for (const text of ["", "-3", "1,234", "1.2.3", "douze", "1e5"]) expect(parseEuros(text)).toBeNull();
  });

  it("writes what it reads", () => {
    for (const cents of [0, 5, 99, 100, 1_234_560]) expect(parseEuros(eurosText(cents))).toBe(cents);
    expect(formatEuros(1_234_500, "fr").replace(/\s/g, " ")).toBe("12 345 €");
    expect(formatEuros(1_234_560, "en")).toBe("€12,345.60");
  });
});

describe("needs", () => {
  it("stand in the year people chose, else in the proposed one", () => {
    expect(yearOf(need())).toBe(2027);
    expect(yearOf(need({ status: "programme", budget_year: 2026, proposed_year: null }))).toBe(2026);
    expect(yearOf(need({ year_fixed: true, budget_year: 2030, proposed_year: null }))).toBe(2030);
    expect(yearOf(need({ status: "recense", proposed_year: null, budget_year: 2026 }))).toBeNull();
  });

  it("are filtered by words without accents, status, priority and year", () => {
    const all = [need(), need({ need_id: "N-2", status: "recense", proposed_year: null, priority: 1 })];
    const ids = (filter: Partial<typeof NO_FILTER>) =>
      matching(all, { ...NO_FILTER, ...filter }).map((one) => one.need_id);
    expect(ids({ text: "degradations bethune" })).toEqual(["N-1", "N-2"]);
    expect(ids({ text: "gare" })).toEqual([]);
    expect(ids({ status: "recense" })).toEqual(["N-2"]);
    expect(ids({ year: "2027" })).toEqual(["N-1"]);
    expect(ids({ year: UNPLANNED })).toEqual(["N-2"]);
    expect(ids({ priority: "1" })).toEqual(["N-2"]);
    expect(totalOf(all)).toBe(1_980_100);
  });

  it("are read by year, priority, age", () => {
    const list = [
      need({ need_id: "none", proposed_year: null }),
      need({ need_id: "late", proposed_year: 2028, priority: 1 }),
      need({ need_id: "low", priority: 3 }),
      need({ need_id: "high", priority: 1 }),
    ];
    expect(list.toSorted(inProgrammeOrder).map((one) => one.need_id)).toEqual([
      "high",
      "low",
      "late",
      "none",
    ]);
  });

  it("go through the form unchanged", () => {
    const terms = needTerms(needDraft(need(), "62119"));
    expect(terms).toMatchObject({ cost_cents: 750_050, position: { lon: 2.64, lat: 50.53 }, priority: 2 });
    expect(terms?.works).toEqual(need().works);
    expect(needTerms({ ...needDraft(need(), ""), cost: "beaucoup" })).toBeNull();
    expect(needTerms({ ...needDraft(need(), ""), lat: "" })).toBeNull();
    expect(needTerms({ ...needDraft(need(), ""), lat: "", lon: "" })?.position).toBeNull();
  });
});

describe("a year's bar", () => {
  const budget = { insee: "62119", year: 2027, left_cents: 0 };

  it("shows shares of the envelope, and scales an overfull year to be seen whole", () => {
    expect(sharesOf({ ...budget, envelope_cents: 200, committed_cents: 50, proposed_cents: 100 })).toEqual({
      committed: 25,
      proposed: 50,
      envelope: 100,
    });
    const over = sharesOf({ ...budget, envelope_cents: 100, committed_cents: 200, proposed_cents: 0 });
    expect(over).toEqual({ committed: 100, proposed: 0, envelope: 50 });
    expect(sharesOf({ ...budget, envelope_cents: 0, committed_cents: 0, proposed_cents: 0 }).envelope).toBe(
      0,
    );
  });
});
