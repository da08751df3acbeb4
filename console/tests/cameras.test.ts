import { describe, expect, it } from "vitest";
import type { Camera } from "@/api/registry";
import { cameraName } from "@/cameras/naming";
import { search, searchable } from "@/cameras/search";
import { byUsefulness, cameraState } from "@/cameras/state";

const camera = (change: Partial<Camera>): Camera => ({
  camera_id: "c",
  code: "SOI-001",
  label: "Place",
  insee: "95598",
  commune: "Soisy-sous-Montmorency",
  site_id: "s",
  kind: "fixe",
  status: "en_service",
  lon: 2.3,
  lat: 48.9,
  has_ptz: false,
  has_stream: true,
  online: true,
  authorisation: null,
  ...change,
});

const inventory = [
  camera({ camera_id: "1", code: "SOI-12", label: "Église Saint-Germain" }),
  camera({ camera_id: "2", code: "SOI-1", label: "Gare" }),
  camera({ camera_id: "3", code: "DOM-1", label: "Gare", commune: "Domont" }),
].map(searchable);

describe("a camera's name", () => {
  it("tells two of one label apart", () => {
    const [, soisy, domont] = inventory.map((one) => one.camera);
    expect(cameraName(soisy, "2")).toBe("Gare (Soisy-sous-Montmorency)");
    expect(cameraName(domont, "3")).toBe("Gare (Domont)");
  });

  it("is the id of one that this agent may not see", () => {
    expect(cameraName(undefined, "PV-95598-0001-P1")).toBe("PV-95598-0001-P1");
  });
});

describe("search", () => {
  it("forgives accents and case", () => {
    expect(search(inventory, "EGLISE").map(({ camera_id }) => camera_id)).toEqual(["1"]);
  });

  it("wants every word, in any order, also across label and commune", () => {
    expect(search(inventory, "domont gare").map(({ camera_id }) => camera_id)).toEqual(["3"]);
    expect(search(inventory, "gare mairie")).toEqual([]);
  });

  it("puts the exact code first", () => {
    expect(search(inventory, "soi-1").map(({ camera_id }) => camera_id)).toEqual(["2", "1"]);
  });

  it("gives everything for nothing typed", () => {
    expect(search(inventory, "  ")).toHaveLength(3);
  });
});

describe("state", () => {
  it("is what an operator may expect of the camera", () => {
    expect(cameraState({ has_stream: false, online: true })).toBe("no_stream");
    expect(cameraState({ has_stream: true, online: null })).toBe("unknown");
    expect(cameraState({ has_stream: true, online: false })).toBe("offline");
    expect(cameraState({ has_stream: true, online: true })).toBe("online");
  });

  it("orders the useful first, then by label as a person counts", () => {
    const sorted = [
      camera({ camera_id: "dead", has_stream: false }),
      camera({ camera_id: "ten", label: "Rue 10" }),
      camera({ camera_id: "two", label: "Rue 2" }),
    ].toSorted(byUsefulness);
    expect(sorted.map(({ camera_id }) => camera_id)).toEqual(["two", "ten", "dead"]);
  });
});
