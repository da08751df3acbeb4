import { describe, expect, it } from "vitest";
import { askedCamera, choiceOf } from "@/pages/register/cameraChoice";
import { proves, rootOf } from "@/pages/register/proof";

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

const HEX = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha = async (...bytes: number[]) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
const leaf = (text: string) => sha(0, ...new TextEncoder().encode(text));
const node = (left: Uint8Array, right: Uint8Array) => sha(1, ...left, ...right);

describe("a row's proof", () => {
  const rows = ["é", "b", "c"];
  const note = (root: Uint8Array) =>
    `vigie/essai/registre\n3\n${btoa(String.fromCharCode(...root))}\ntime x\n\n— sig\n`;

  it("leads from the row to the signed root, and no other row does", async () => {
    const [first, second, third] = await Promise.all(rows.map(leaf));
    if (!first || !second || !third) throw new Error("three leaves");
    const root = await node(await node(first, second), third);
    const paths = [[HEX(second), HEX(third)], [HEX(first), HEX(third)], [HEX(await node(first, second))]];
    for (const [place, path] of paths.entries()) {
      const proof = { seq: place + 1, size: 3, row: rows[place] ?? "", path, checkpoint: note(root) };
      const whole = { ...proof, leaf_hash: "", prev_hash: "", hash: "", keys: [] };
      expect(await proves(whole)).toBe(true);
      expect(await proves({ ...whole, row: "autre" })).toBe(false);
      expect(await proves({ ...whole, path: path.slice(1) })).toBe(false);
      expect(await proves({ ...whole, path: [...path, HEX(first)] })).toBe(false);
      expect(await proves({ ...whole, size: 4 })).toBe(false);
    }
    expect(await rootOf({ seq: 4, size: 3, row: "b", path: [] })).toBe(null);
  });
});
