import { describe, expect, it } from "vitest";
import { mayOpen, navigationFor } from "@/app/navigation";
import { localPath } from "@/pages/login/localPath";

const pages = (...permissions: string[]) => navigationFor({ permissions }).map(({ name }) => name);

describe("navigation", () => {
  it("offers what the permissions allow and nothing else", () => {
    expect(pages()).toEqual([]);
    expect(pages("view_camera", "live", "view_incident", "view_dispatch")).toEqual([
      "map",
      "live",
      "incidents",
      "partners",
      "fleet",
    ]);
    expect(pages("read_register")).toEqual(["register"]);
  });

  it("shows a text-only partner its alerts, never a picture page", () => {
    const entries = navigationFor({ permissions: ["receive_dispatch"] });
    expect(entries.map(({ name, label }) => [name, label])).toEqual([["partners", "nav.inbox"]]);
  });
});

describe("a typed address", () => {
  it("opens only what the navigation would offer", () => {
    const partner = { permissions: ["receive_dispatch"] };
    expect(mayOpen(partner, "/partenaires")).toBe(true);
    expect(mayOpen(partner, "/direct")).toBe(false);
    expect(mayOpen(partner, "/incidents/2026-1")).toBe(false);
    expect(mayOpen(partner, "/")).toBe(true);
  });
});

describe("the way back after login", () => {
  it("is a path of this console", () => {
    expect(localPath("/direct?grille=4")).toBe("/direct?grille=4");
    for (const elsewhere of [
      null,
      "",
      "https://elsewhere.example",
      "//elsewhere.example",
      "/\\elsewhere.example",
    ]) {
      expect(localPath(elsewhere)).toBe("/");
    }
  });
});
