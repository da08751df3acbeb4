import type { Camera } from "@/api/registry";
import { search, searchable } from "@/cameras/search";

/** What somebody has to see to: in the order in which it matters. */
export const PROBLEMS = ["no_authorisation", "expired", "offline", "masks", "no_stream"] as const;
export type Problem = (typeof PROBLEMS)[number];

export const STATUSES = [
  "projet",
  "etude",
  "autorisee",
  "en_travaux",
  "en_service",
  "en_panne",
  "deposee",
] as const;
export const KINDS = ["fixe", "ptz", "panoramique", "multi_capteur", "nomade"] as const;

export interface FleetFilter {
  text: string;
  insee: string | null;
  status: string | null;
  kind: string | null;
  /** One problem, or any of them. */
  problem: Problem | "any" | null;
}

export const NO_FILTER: FleetFilter = { text: "", insee: null, status: null, kind: null, problem: null };

/** Statuses in which a camera hangs in the street and is expected to work. */
const STANDING = new Set(["en_service", "en_panne"]);

/** What is wrong with a camera at an instant; one that is planned or gone has no problem yet, or no more. */
export function problemsOf(camera: Camera, now: Date): Problem[] {
  if (!STANDING.has(camera.status)) return [];
  const found: Problem[] = [];
  if (!camera.authorisation) found.push("no_authorisation");
  else if (new Date(camera.authorisation.valid_until) <= now) found.push("expired");
  if (camera.has_stream && camera.online === false) found.push("offline");
  if (camera.masks_signed === false) found.push("masks");
  if (!camera.has_stream) found.push("no_stream");
  return found;
}

/** The cameras that answer every question of the filter, as the search orders them. */
export function filtered(cameras: readonly Camera[], filter: FleetFilter, now: Date): Camera[] {
  const kept = cameras.filter((camera) => {
    if (filter.insee !== null && camera.insee !== filter.insee) return false;
    if (filter.status !== null && camera.status !== filter.status) return false;
    if (filter.kind !== null && camera.kind !== filter.kind) return false;
    if (filter.problem === null) return true;
    const problems = problemsOf(camera, now);
    return filter.problem === "any" ? problems.length > 0 : problems.includes(filter.problem);
  });
  return search(kept.map(searchable), filter.text);
}
