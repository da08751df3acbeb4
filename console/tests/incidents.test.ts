import { describe, expect, it } from "vitest";
import type { Incident, IncidentStatus } from "@/api/incident";
import { latestPerPartner } from "@/pages/incidents/dispatches";
import { canTransmit, nextSteps } from "@/pages/incidents/lifecycle";
import { byUrgency } from "@/pages/incidents/queue";

const incident = (number: string, priority: string, detected: string, closed: string | null = null) =>
  ({ number, priority, detected_at: detected, closed_at: closed }) as Incident;

describe("queue", () => {
  it("shows the gravest first, then who waits the longest, closed ones last", () => {
    const sorted = [
      incident("closed", "P1", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"),
      incident("p3", "P3", "2026-01-01T00:00:00Z"),
      incident("p1-new", "P1", "2026-01-01T00:05:00Z"),
      incident("p1-old", "P1", "2026-01-01T00:01:00Z"),
    ].toSorted(byUrgency);
    expect(sorted.map(({ number }) => number)).toEqual(["p1-old", "p1-new", "p3", "closed"]);
  });
});

describe("life-cycle", () => {
  it("leads from a new incident to its closure, step by step", () => {
    const path: IncidentStatus[] = ["NOUVEAU"];
    for (let status = path[0]; status && status !== "CLOS"; ) {
      status = nextSteps(status)[0];
      if (!status) break;
      path.push(status);
    }
    expect(path).toEqual([
      "NOUVEAU",
      "LEVEE_DE_DOUTE",
      "QUALIFIE",
      "TRANSMIS",
      "PRIS_EN_CHARGE",
      "SUR_PLACE",
      "CLOS",
    ]);
  });

  it("warns nobody of what is unfounded or closed", () => {
    expect(canTransmit("NOUVEAU")).toBe(true);
    expect(canTransmit("INFONDE")).toBe(false);
    expect(canTransmit("CLOS")).toBe(false);
  });
});

describe("dispatches", () => {
  it("show how it stands now with each partner", () => {
    const dispatch = (id: string, partner_id: string, at: string) => ({
      dispatch_id: id,
      partner_id,
      partner_name: partner_id,
      status: "TRANSMIS",
      at,
      detail: "",
    });
    const latest = latestPerPartner([
      dispatch("1", "pn", "2026-01-01T00:00:00Z"),
      dispatch("2", "sdis", "2026-01-01T00:00:00Z"),
      dispatch("3", "pn", "2026-01-01T00:01:00Z"),
    ]);
    expect(latest.map(({ dispatch_id }) => dispatch_id)).toEqual(["3", "2"]);
  });
});
