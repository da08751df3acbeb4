import type { Camera } from "@/api/registry";

const MARKS = /\p{Diacritic}/gu;

/** Without accents or case: an operator types "eglise" for "Église". */
export function plain(text: string): string {
  return text.normalize("NFD").replace(MARKS, "").toLowerCase();
}

export interface Searchable {
  camera: Camera;
  haystack: string;
  code: string;
}

export function searchable(camera: Camera): Searchable {
  const code = plain(camera.code);
  return {
    camera,
    code,
    haystack: plain(`${camera.code} ${camera.label} ${camera.commune} ${camera.camera_id}`),
  };
}

/** Cameras that hold every typed word; one whose code is exactly what was typed comes first. */
export function search(cameras: readonly Searchable[], typed: string): Camera[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return cameras.map(({ camera }) => camera);
  const code = words.join(" ");
  const found = cameras.filter(({ haystack }) => words.every((word) => haystack.includes(word)));
  return [...found.filter((item) => item.code === code), ...found.filter((item) => item.code !== code)].map(
    ({ camera }) => camera,
  );
}
