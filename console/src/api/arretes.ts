import type { MultiPolygon, Polygon } from "geojson";
import { call, type Page } from "./http";

export interface EventWindow {
  starts_at: string;
  ends_at: string;
}

export interface ListedPosition {
  lon: number;
  lat: number;
  radius_m: number;
  label: string;
}

export interface Responsible {
  name: string;
  function: string;
  contact: string;
}

export interface RenewalBrief {
  state: string;
  due_at: string;
  overdue: boolean;
  successor_id: string | null;
  gap_seconds: number | null;
}

/** What a person may write of an arrêté. */
export interface ArreteTerms {
  arrete_number: string;
  valid_from: string;
  valid_until: string;
  communes: string[];
  camera_count: number;
  finalites: string[];
  recipients: string[];
  retention_days: number;
  retention_min_days: number | null;
  mode: string;
  event_windows: EventWindow[];
  perimeter: Polygon | MultiPolygon | object | null;
  positions: ListedPosition[];
  verbalisation: boolean;
  /** Outside recipients get their pictures with a watermark burnt in by the server. */
  partner_watermark: boolean;
  responsible: Responsible | null;
}

export interface Arrete extends ArreteTerms {
  authorisation_id: string;
  perimeter: Polygon | MultiPolygon | null;
  cameras_covered: number;
  scan_sha256: string | null;
  revision: number;
  in_force: boolean;
  warning_days: number | null;
  renewal: RenewalBrief;
}

export interface ArreteDocument {
  document_id: string;
  kind: string;
  filename: string;
  size: number;
  sha256: string;
  uploaded_at: string;
  uploaded_by: string;
}

export interface Piece {
  label: string;
  ready: boolean;
  document_id: string | null;
}

export interface RenewalFile {
  authorisation_id: string;
  state: string;
  next: string[];
  due_at: string;
  overdue: boolean;
  pieces: Piece[];
  steps: { state: string; on: string; at: string; by: string; note: string }[];
  receipt: string;
  successor_id: string | null;
  revision: number;
}

const PATH = "/api/registry/authorisations";
const one = (id: string) => `${PATH}/${encodeURIComponent(id)}`;

export const fetchArretes = async (): Promise<Arrete[]> => (await call<Page<Arrete>>("GET", PATH)).items;

export const recordArrete = (body: ArreteTerms): Promise<Arrete> => call("POST", PATH, { body });

export const changeArrete = (
  id: string,
  body: Partial<ArreteTerms> & { revision: number },
): Promise<Arrete> => call("PATCH", one(id), { body });

export const fetchDocuments = async (id: string): Promise<ArreteDocument[]> =>
  (await call<Page<ArreteDocument>>("GET", `${one(id)}/documents`)).items;

export function uploadDocument(id: string, kind: string, file: File): Promise<ArreteDocument> {
  const body = new FormData();
  body.append("file", file);
  return call("POST", `${one(id)}/documents`, { query: { kind }, body });
}

export const documentUrl = (id: string, documentId: string): string =>
  `${one(id)}/documents/${encodeURIComponent(documentId)}`;

export const fetchRenewal = (id: string): Promise<RenewalFile> => call("GET", `${one(id)}/renewal`);

export interface RenewalStep {
  revision: number;
  state: string;
  on: string;
  note: string;
  successor_id?: string;
}

export const stepRenewal = (id: string, body: RenewalStep): Promise<RenewalFile> =>
  call("POST", `${one(id)}/renewal/steps`, { body });

export const putPieces = (
  id: string,
  body: { revision: number; pieces: Piece[]; receipt: string },
): Promise<RenewalFile> => call("PUT", `${one(id)}/renewal/pieces`, { body });
