import { describe, expect, it } from "vitest";
import type { CameraCount, RefusedGroup, Simulation } from "@/api/policy";
import { followedBy, keyOf, listOf, refusedCount } from "@/pages/rights/outlook";

const camera = (id: string) => ({ camera_id: id, label: id, insee: "95598", commune: "Soisy" });
const page = (ids: string[], count: number, next: string | null): CameraCount => ({
  count,
  cameras: ids.map(camera),
  next_after: next,
});
const group = (rule: string, openedBy: string[], count: number): RefusedGroup => ({
  rule,
  explanation: rule,
  citation: rule,
  opened_by: openedBy,
  ...page(["C-1"], count, null),
});
const simulation: Simulation = {
  agent: {
    agent_id: "op.durand",
    name: "Camille Durand",
    role: "operateur",
    organisation_name: "CAPV",
    habilitation_until: null,
    agrement_until: null,
    active: true,
  },
  at: "2026-06-01T20:00:00Z",
  cameras: 9,
  outlooks: [
    {
      action: "replay",
      allowed: page([], 0, null),
      refused: [
        group("relecture_en_contexte", ["incident", "requisition"], 5),
        group("relecture_en_contexte", ["requisition"], 4),
      ],
    },
  ],
};

describe("the simulator's lists", () => {
  it("counts what is refused over all reasons", () => {
    expect(simulation.outlooks.map(refusedCount)).toEqual([9]);
  });

  it("finds a list again, and tells two groups of one rule apart", () => {
    const [first, second] = simulation.outlooks[0]?.refused ?? [];
    expect(second && listOf(simulation, keyOf("replay", second))?.count).toBe(4);
    expect(first && listOf(simulation, keyOf("replay", first))?.count).toBe(5);
    expect(listOf(simulation, keyOf("replay", null))?.count).toBe(0);
    expect(listOf(simulation, keyOf("live", null))).toBeUndefined();
  });

  it("adds the following page to what is shown", () => {
    const all = followedBy(page(["A", "B"], 3, "B"), page(["C"], 3, null));
    expect(all.cameras.map((item) => item.camera_id)).toEqual(["A", "B", "C"]);
    expect(all.next_after).toBeNull();
  });
});
