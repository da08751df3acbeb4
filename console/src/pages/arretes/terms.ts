import type { Arrete, ArreteTerms, EventWindow } from "@/api/arretes";
import { parisToUtc, utcToParis } from "@/i18n/format";
import { parseGeoJson, parsePositions, positionsText } from "./ground";

/** The ground of an arrêté: its communes' contours, a drawn or pasted perimeter, or listed positions. */
export type Ground = "communes" | "perimeter" | "positions";

/** What the form holds, as typed. Times are Paris wall time (`datetime-local`). */
export interface Draft {
  arrete_number: string;
  valid_from: string;
  valid_until: string;
  communes: string[];
  camera_count: string;
  finalites: string[];
  recipients: string[];
  retention_days: string;
  retention_min_days: string;
  mode: string;
  windows: { from: string; to: string }[];
  ground: Ground;
  geojson: string;
  positions: string;
  verbalisation: boolean;
  partner_watermark: boolean;
  name: string;
  function: string;
  contact: string;
}

export const FINALITES = [
  "securite_personnes_biens",
  "batiments_publics",
  "flux_de_transport",
  "infractions_circulation",
  "actes_de_terrorisme",
  "risques_naturels_technologiques",
  "secours_incendie",
  "abandon_ordures",
  "defense_nationale",
  "parcs_attraction",
  "assurance_vehicules",
];
export const RECIPIENTS = ["police_nationale", "gendarmerie", "police_municipale", "sdis", "douanes"];
export const MODES = ["DIRECT", "DIFFERE_SUR_REQUISITION", "EVENEMENT"];

export const EMPTY: Draft = {
  arrete_number: "",
  valid_from: "",
  valid_until: "",
  communes: [],
  camera_count: "",
  finalites: [],
  recipients: [],
  retention_days: "14",
  retention_min_days: "",
  mode: "DIRECT",
  windows: [],
  ground: "communes",
  geojson: "",
  positions: "",
  verbalisation: false,
  partner_watermark: false,
  name: "",
  function: "",
  contact: "",
};

export function draftOf(arrete: Arrete): Draft {
  return {
    arrete_number: arrete.arrete_number,
    valid_from: utcToParis(arrete.valid_from),
    valid_until: utcToParis(arrete.valid_until),
    communes: arrete.communes,
    camera_count: String(arrete.camera_count),
    finalites: arrete.finalites,
    recipients: arrete.recipients,
    retention_days: String(arrete.retention_days),
    retention_min_days: arrete.retention_min_days === null ? "" : String(arrete.retention_min_days),
    mode: arrete.mode,
    windows: arrete.event_windows.map(({ starts_at, ends_at }) => ({
      from: utcToParis(starts_at),
      to: utcToParis(ends_at),
    })),
    ground: arrete.perimeter ? "perimeter" : arrete.positions.length > 0 ? "positions" : "communes",
    geojson: arrete.perimeter ? JSON.stringify(arrete.perimeter) : "",
    positions: positionsText(arrete.positions),
    verbalisation: arrete.verbalisation,
    partner_watermark: arrete.partner_watermark,
    name: arrete.responsible?.name ?? "",
    function: arrete.responsible?.function ?? "",
    contact: arrete.responsible?.contact ?? "",
  };
}

/** What is sent, or the name of the field that cannot be read yet. */
export function termsOf(draft: Draft): ArreteTerms | { unreadable: keyof Draft } {
  const valid_from = parisToUtc(draft.valid_from);
  const valid_until = parisToUtc(draft.valid_until);
  if (!valid_from) return { unreadable: "valid_from" };
  if (!valid_until) return { unreadable: "valid_until" };
  const event_windows = draft.mode === "EVENEMENT" ? windowsOf(draft) : [];
  if (!event_windows) return { unreadable: "windows" };
  const perimeter = draft.ground === "perimeter" ? parseGeoJson(draft.geojson) : null;
  if (draft.ground === "perimeter" && !perimeter) return { unreadable: "geojson" };
  const positions = draft.ground === "positions" ? parsePositions(draft.positions) : [];
  if (!positions || (draft.ground === "positions" && positions.length === 0))
    return { unreadable: "positions" };
  const named = [draft.name, draft.function, draft.contact].some((text) => text.trim() !== "");
  return {
    arrete_number: draft.arrete_number,
    valid_from,
    valid_until,
    communes: draft.communes,
    camera_count: Number(draft.camera_count),
    finalites: draft.finalites,
    recipients: draft.recipients,
    retention_days: Number(draft.retention_days),
    retention_min_days: draft.retention_min_days === "" ? null : Number(draft.retention_min_days),
    mode: draft.mode,
    event_windows,
    perimeter,
    positions,
    verbalisation: draft.verbalisation,
    partner_watermark: draft.partner_watermark,
    responsible: named ? { name: draft.name, function: draft.function, contact: draft.contact } : null,
  };
}

function windowsOf(draft: Draft): EventWindow[] | null {
  const windows: EventWindow[] = [];
  for (const { from, to } of draft.windows) {
    const [starts_at, ends_at] = [parisToUtc(from), parisToUtc(to)];
    if (!starts_at || !ends_at) return null;
    windows.push({ starts_at, ends_at });
  }
  return windows;
}

/** Only what the person changed: an end that nobody touched must not lose its microseconds. */
export function changedTerms(before: Draft, after: Draft, terms: ArreteTerms): Partial<ArreteTerms> {
  const same = (...fields: (keyof Draft)[]) =>
    fields.every((field) => JSON.stringify(before[field]) === JSON.stringify(after[field]));
  const fieldsOf: Partial<Record<keyof ArreteTerms, (keyof Draft)[]>> = {
    event_windows: ["windows", "mode"],
    perimeter: ["ground", "geojson"],
    positions: ["ground", "positions"],
    responsible: ["name", "function", "contact"],
  };
  return Object.fromEntries(
    Object.entries(terms).filter(
      ([name]) => !same(...(fieldsOf[name as keyof ArreteTerms] ?? [name as keyof Draft])),
    ),
  );
}
