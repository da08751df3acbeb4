import { describe, expect, it } from "vitest";
import { askedCamera, choiceOf } from "@/pages/register/cameraChoice";

const CAMERAS = [
  { camera_id: "PV-95598-0001-P1", label: "Hôtel de ville – dôme" },
  { camera_id: "PV-95210-0001-F1", label: "Gare · parvis" },
];

describe("the camera asked of the register", () => {
  it("is found again in every suggestion", () => {
    for (const camera of CAMERAS) expect(askedCamera(choiceOf(camera), CAMERAS)).toBe(camera.camera_id);
  });

  it("is a typed id, whatever its case and the spaces around it", () => {
    expect(askedCamera("  pv-95598-0001-p1 ", CAMERAS)).toBe("PV-95598-0001-P1");
  });

  it("may be one that the inventory no longer holds, and none is asked for no text", () => {
    expect(askedCamera("PV-95598-9999-F1", CAMERAS)).toBe("PV-95598-9999-F1");
    expect(askedCamera("   ", CAMERAS)).toBe("");
  });
});
