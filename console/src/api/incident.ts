import { call, type Page } from "./http";

export type Priority = "P1" | "P2" | "P3";

export type IncidentStatus =
  | "NOUVEAU"
  | "LEVEE_DE_DOUTE"
  | "INFONDE"
  | "QUALIFIE"
  | "TRANSMIS"
  | "PRIS_EN_CHARGE"
  | "SUR_PLACE"
  | "CLOS"
  | "ROUVERT";

export const ORIGINS = [
  "ronde",
  "appel_17",
  "appel_18",
  "appel_15",
  "radio",
  "bouton",
  "citoyen",
  "partenaire",
  "analytique",
] as const;
/** A person chooses among `ORIGINS`; the watch over the fleet declares by itself. */
export type Origin = (typeof ORIGINS)[number] | "surveillance_technique";

export interface NomenclatureItem {
  code: string;
  family: string;
  label: string;
  priority: Priority;
  default_partner_kinds: string[];
}

export interface TimelineEntry {
  seq: number;
  at: string;
  by: string;
  by_name: string;
  kind: string;
  before: string | null;
  after: string | null;
  note: string;
}

export interface IncidentDispatch {
  dispatch_id: string;
  partner_id: string;
  partner_name: string;
  status: string;
  at: string;
  detail: string;
}

export interface Incident {
  incident_id: string;
  number: string;
  status: IncidentStatus;
  code: string;
  title: string;
  priority: Priority;
  insee: string;
  commune?: string | null;
  camera_ids: string[];
  address: string | null;
  lon: number | null;
  lat: number | null;
  origin: string;
  facts: string;
  detected_at: string;
  opened_at: string;
  opened_by: string;
  opened_by_name: string;
  closed_at: string | null;
  version: number;
  timeline: TimelineEntry[];
  dispatches: IncidentDispatch[];
}

export interface IncidentDeclaration {
  code: string;
  camera_ids: string[];
  insee?: string;
  address?: string;
  lon?: number;
  lat?: number;
  origin: Origin;
  facts: string;
  detected_at?: string;
  priority?: Priority;
}

const incident = (id: string): string => `/api/incident/incidents/${encodeURIComponent(id)}`;

export const fetchNomenclature = async (): Promise<NomenclatureItem[]> =>
  (await call<Page<NomenclatureItem>>("GET", "/api/incident/nomenclature")).items;

export const fetchIncidents = async (open: boolean): Promise<Incident[]> =>
  (
    await call<Page<Incident>>("GET", "/api/incident/incidents", {
      query: { open: open || null, limit: 200 },
    })
  ).items;

export const fetchIncident = (id: string): Promise<Incident> => call("GET", incident(id));

/** `key` makes a repeated submit (double click, retry after a cut) one incident. */
export const declareIncident = (declaration: IncidentDeclaration, key: string): Promise<Incident> =>
  call("POST", "/api/incident/incidents", { body: declaration, headers: { "Idempotency-Key": key } });

export const transitionIncident = (
  id: string,
  transition: { to: IncidentStatus; note: string; version: number },
): Promise<Incident> => call("POST", `${incident(id)}/transitions`, { body: transition });

export const transmitIncident = (
  id: string,
  transmission: { partner_ids: string[]; message: string },
): Promise<unknown> => call("POST", `${incident(id)}/transmissions`, { body: transmission });
