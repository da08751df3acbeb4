import { describe, expect, it } from "vitest";
import type { Agent, Deadline } from "@/api/agents";
import { afterLastDay, lastDay, matches, urgentByAgent } from "@/pages/agents/papers";

const agent = {
  agent_id: "op.beree",
  name: "Bérénice Durand",
  role: "operateur",
  organisation_name: "CA Plaine Vallée",
} as Agent;

describe("papers", () => {
  it("ends after the whole last day in Paris, in summer and in winter", () => {
    expect(afterLastDay("2026-12-31")).toBe("2026-12-31T23:00:00.000Z");
    expect(afterLastDay("2026-06-30")).toBe("2026-06-30T22:00:00.000Z");
    expect(afterLastDay("")).toBe(null);
  });

  it("shows the day that was typed", () => {
    expect(lastDay("2026-12-31T23:00:00Z").toISOString()).toBe("2026-12-31T22:59:59.999Z");
  });

  it("finds an agent by any words, accents aside", () => {
    expect(matches(agent, "berenice vallee")).toBe(true);
    expect(matches(agent, "operateur DURAND")).toBe(true);
    expect(matches(agent, "durand chef")).toBe(false);
    expect(matches(agent, "")).toBe(true);
  });

  it("keeps the most urgent deadline of each agent", () => {
    const late = { agent_id: "a", paper: "agrement", ends_at: "2026-12-01T00:00:00Z" } as Deadline;
    const soon = { agent_id: "a", paper: "formation", ends_at: "2026-01-01T00:00:00Z" } as Deadline;
    expect(urgentByAgent([late, soon]).get("a")).toBe(soon);
    expect(urgentByAgent([]).size).toBe(0);
  });
});
