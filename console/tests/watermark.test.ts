import { describe, expect, it } from "vitest";
import { needsWatermark, watermarkAt } from "@/live/marks";

const AGENT = {
  name: "Adj. Marie Petit",
  organisation_name: "Gendarmerie nationale",
  habilitation_id: "HAB-7",
};

describe("watermark", () => {
  it("is for whoever is not of the local authority, and for every partner", () => {
    expect(needsWatermark({ organisation_kind: "collectivite", role: "operateur" })).toBe(false);
    expect(needsWatermark({ organisation_kind: "gendarmerie", role: "partenaire_gn" })).toBe(true);
    expect(needsWatermark({ organisation_kind: "sdis", role: "partenaire_sdis" })).toBe(true);
    expect(needsWatermark({ organisation_kind: "collectivite", role: "partenaire_pn" })).toBe(true);
  });

  it("names who, for whom, by which habilitation, and when", () => {
    const { lines, width } = watermarkAt(AGENT, "01/12/2026 00:41:07", 0);
    expect(lines).toEqual(["Adj. Marie Petit · Gendarmerie nationale", "HAB-7 · 01/12/2026 00:41:07"]);
    expect(width).toBeGreaterThan(lines[0].length * 0.5);
  });

  it("leaves out an habilitation that there is not", () => {
    expect(watermarkAt({ ...AGENT, habilitation_id: null }, "00:41", 0).lines[1]).toBe("00:41");
  });

  it("moves a little each second and passes everywhere within its cell", () => {
    const at = (seconds: number) => watermarkAt(AGENT, "", seconds * 1000);
    const cell = at(0);
    const steps = Array.from({ length: 600 }, (_, second) => at(second));
    for (const { x, y } of steps) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThan(cell.width);
      expect(y).toBeLessThan(cell.height);
    }
    expect(at(1).x).toBeCloseTo(cell.x + 0.15);
    expect(Math.max(...steps.map(({ x }) => x))).toBeGreaterThan(cell.width * 0.95);
    expect(Math.max(...steps.map(({ y }) => y))).toBeGreaterThan(cell.height * 0.95);
  });
});
