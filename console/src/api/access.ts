import { call, type Page } from "./http";

export interface Me {
  agent_id: string;
  name: string;
  role: string;
  organisation_name: string;
  organisation_kind: string;
  communes: string[];
  habilitation_id: string | null;
  habilitation_until: string | null;
  permissions: string[];
}

export interface RegisterRow {
  seq: number;
  at: string;
  actor_id: string;
  actor_name: string;
  actor_role: string;
  habilitation_id: string | null;
  organisation: string;
  action: string;
  camera_id: string | null;
  camera_label: string | null;
  insee: string;
  motive_code: string;
  motive_text: string;
  context: string;
  station: string;
  window_from: string | null;
  window_until: string | null;
  recipient: string | null;
  result: "allowed" | "refused" | "done";
  rule: string;
  citation: string;
  hash: string;
}

/** An empty value asks nothing. `to` is excluded. */
export interface RegisterFilter {
  camera_id: string;
  agent_id: string;
  action: string;
  result: string;
  from: string | null;
  to: string | null;
  insee: string;
  organisation: string;
  motive: string;
  /** Beginnings of words of motive and context, all of them. */
  why: string;
}

export interface Verification {
  entries: number;
  valid: boolean;
  first_bad_seq: number | null;
  head_hash: string;
  root_hash: string;
  checkpoints: number;
  fault: string | null;
  checked_at: string;
}

export const loginUrl = (next: string): string => `/api/access/login?next=${encodeURIComponent(next)}`;

export const fetchMe = (signal?: AbortSignal): Promise<Me> =>
  call("GET", "/api/access/me", signal ? { signal } : {});

export const refreshSession = (): Promise<void> => call("POST", "/api/access/session/refresh");

/** Ends the session here; the answer tells where to end it at the identity provider too, if it can. */
export const logout = (): Promise<{ provider_logout_url: string | null }> =>
  call("POST", "/api/access/logout");

export const fetchRegister = (filter: RegisterFilter, cursor: string | null): Promise<Page<RegisterRow>> =>
  call("GET", "/api/access/register", { query: { ...filter, cursor, limit: 100 } });

export const verifyRegister = (): Promise<Verification> => call("GET", "/api/access/register/verification");
