import { call, withQuery } from "./http";

export interface Works {
  kind: string;
  label: string;
  cost_cents: number;
}

/** A surveyed need. Money in cents, whole numbers. */
export interface Need {
  need_id: string;
  insee: string;
  commune: string;
  reference: string;
  place: string;
  position: { lon: number; lat: number } | null;
  camera_kind: string;
  finalite: string;
  motive: string;
  requested_by: string;
  surveyed_on: string;
  priority: number;
  cost_cents: number;
  works: Works[];
  total_cents: number;
  status: string;
  next: string[];
  budget_year: number | null;
  year_fixed: boolean;
  proposed_year: number | null;
  camera_id: string | null;
  note: string;
  revision: number;
}

export interface YearBudget {
  insee: string;
  year: number;
  envelope_cents: number;
  committed_cents: number;
  proposed_cents: number;
  left_cents: number;
}

export interface Programme {
  needs: Need[];
  budgets: YearBudget[];
  unplaced: string[];
}

export interface NeedTerms {
  insee: string;
  place: string;
  position: { lon: number; lat: number } | null;
  camera_kind: string;
  finalite: string;
  motive: string;
  requested_by: string;
  surveyed_on: string;
  priority: number;
  cost_cents: number;
  works: Works[];
  budget_year: number | null;
  year_fixed: boolean;
  note: string;
}

const PATH = "/api/registry/planning";

export const fetchProgramme = (insee: string): Promise<Programme> =>
  call("GET", `${PATH}/programme`, { query: { insee } });

export const surveyNeed = (body: NeedTerms): Promise<Need> => call("POST", `${PATH}/needs`, { body });

export const changeNeed = (
  need: Need,
  body: Partial<Omit<NeedTerms, "insee">> & { status?: string; camera_id?: string | null },
): Promise<Need> =>
  call("PATCH", `${PATH}/needs/${encodeURIComponent(need.need_id)}`, {
    body: { ...body, revision: need.revision },
  });

export const setEnvelope = (insee: string, year: number, amount_cents: number): Promise<unknown> =>
  call("PUT", `${PATH}/envelopes/${insee}/${year}`, { body: { amount_cents } });

export const adoptYear = (insee: string, year: number): Promise<unknown> =>
  call("POST", `${PATH}/programme/adopt`, { body: { insee, year } });

export const needsCsvUrl = (insee: string): string => withQuery(`${PATH}/needs.csv`, { insee });
