import type { Need, NeedTerms } from "@/api/planning";
import { eurosText, parseEuros } from "./money";

/** What the form holds, as typed. `status` "" leaves the need where it is. */
export interface NeedDraft {
  insee: string;
  place: string;
  lon: string;
  lat: string;
  camera_kind: string;
  finalite: string;
  motive: string;
  requested_by: string;
  surveyed_on: string;
  priority: string;
  cost: string;
  works: { kind: string; label: string; cost: string }[];
  budget_year: string;
  year_fixed: boolean;
  status: string;
  camera_id: string;
  note: string;
}

export function needDraft(need: Need | null, insee: string): NeedDraft {
  return {
    insee: need?.insee ?? insee,
    place: need?.place ?? "",
    lon: need?.position ? String(need.position.lon) : "",
    lat: need?.position ? String(need.position.lat) : "",
    camera_kind: need?.camera_kind ?? "ptz",
    finalite: need?.finalite ?? "securite_personnes_biens",
    motive: need?.motive ?? "",
    requested_by: need?.requested_by ?? "",
    surveyed_on: need?.surveyed_on ?? new Date().toISOString().slice(0, 10),
    priority: String(need?.priority ?? 2),
    cost: need ? eurosText(need.cost_cents) : "",
    works: (need?.works ?? []).map(({ kind, label, cost_cents }) => ({
      kind,
      label,
      cost: eurosText(cost_cents),
    })),
    budget_year: need?.budget_year ? String(need.budget_year) : "",
    year_fixed: need?.year_fixed ?? false,
    status: "",
    camera_id: need?.camera_id ?? "",
    note: need?.note ?? "",
  };
}

const decimal = (text: string): number => Number(text.trim().replace(",", "."));

/** What is sent; null while an amount, a year or a position cannot be read. */
export function needTerms(draft: NeedDraft): NeedTerms | null {
  const cost_cents = parseEuros(draft.cost);
  const works = draft.works.map(({ kind, label, cost }) => ({ kind, label, cost_cents: parseEuros(cost) }));
  const [lon, lat] = [decimal(draft.lon), decimal(draft.lat)];
  const placed = draft.lon.trim() !== "" || draft.lat.trim() !== "";
  const half = placed && (draft.lon.trim() === "" || draft.lat.trim() === "");
  const year = draft.budget_year === "" ? null : Number(draft.budget_year);
  const readable =
    works.every((line) => line.cost_cents !== null) && (year === null || Number.isInteger(year));
  if (
    cost_cents === null ||
    !readable ||
    half ||
    (placed && !(Number.isFinite(lon) && Number.isFinite(lat)))
  ) {
    return null;
  }
  return {
    insee: draft.insee,
    place: draft.place,
    position: placed ? { lon, lat } : null,
    camera_kind: draft.camera_kind,
    finalite: draft.finalite,
    motive: draft.motive,
    requested_by: draft.requested_by,
    surveyed_on: draft.surveyed_on,
    priority: Number(draft.priority),
    cost_cents,
    works: works.map((line) => ({ ...line, cost_cents: line.cost_cents ?? 0 })),
    budget_year: year,
    year_fixed: draft.year_fixed,
    note: draft.note,
  };
}
