import { allPages, call, type Page } from "./http";

export interface Agent {
  agent_id: string;
  name: string;
  role: string;
  organisation_id: string;
  organisation_name: string;
  organisation_kind: string;
  communes: string[];
  habilitation_id: string | null;
  habilitation_from: string | null;
  habilitation_until: string | null;
  agrement_number: string | null;
  agrement_from: string | null;
  agrement_until: string | null;
  trained_on: string | null;
  training_until: string | null;
  active: boolean;
}

export interface Organisation {
  organisation_id: string;
  name: string;
  kind: string;
  communes: string[];
}

export interface Deadline {
  agent_id: string;
  paper: "habilitation" | "agrement" | "formation";
  number: string | null;
  ends_at: string;
  days_left: number;
}

export interface RosterReport {
  dry_run: boolean;
  created: string[];
  changed: string[];
  unchanged: number;
  missing: string[];
  errors: { line: number; column: string; value: string; message: string }[];
}

const AGENTS = "/api/access/agents";

/** More agents than any centre has. */
const AGENTS_AT_MOST = 20_000;

export const ROSTER_URL = `${AGENTS}/roster`;

export const fetchAgents = (signal?: AbortSignal): Promise<Agent[]> =>
  allPages(AGENTS, { limit: 500 }, AGENTS_AT_MOST, signal);

export const fetchOrganisations = async (): Promise<Organisation[]> =>
  (await call<Page<Organisation>>("GET", "/api/access/organisations")).items;

export const fetchDeadlines = async (): Promise<Deadline[]> =>
  (await call<Page<Deadline>>("GET", `${AGENTS}/warnings`)).items;

export interface NewAgent {
  agent_id: string;
  name: string;
  role: string;
  organisation_id: string;
}

export const enrolAgent = (body: NewAgent): Promise<Agent> => call("POST", AGENTS, { body });

const of = (agentId: string): string => `${AGENTS}/${encodeURIComponent(agentId)}`;

export const changeAgent = (
  agentId: string,
  body: Partial<Pick<Agent, "name" | "role" | "organisation_id" | "communes">>,
): Promise<Agent> => call("PATCH", of(agentId), { body });

export interface PaperDates {
  number: string;
  from: string;
  until: string;
}

export const grantHabilitation = (agentId: string, paper: PaperDates): Promise<Agent> =>
  call("POST", `${of(agentId)}/habilitations`, {
    body: { habilitation_id: paper.number, habilitation_from: paper.from, habilitation_until: paper.until },
  });

export const recordAgrement = (agentId: string, paper: PaperDates): Promise<Agent> =>
  call("POST", `${of(agentId)}/agrements`, {
    body: { agrement_number: paper.number, agrement_from: paper.from, agrement_until: paper.until },
  });

export const recordTraining = (agentId: string, trainedOn: string): Promise<Agent> =>
  call("POST", `${of(agentId)}/trainings`, { body: { trained_on: trainedOn } });

export const revokeAgent = (agentId: string, reason: string): Promise<Agent> =>
  call("POST", `${of(agentId)}/revocation`, { body: { reason } });

export function sendRoster(file: File, dryRun: boolean): Promise<RosterReport> {
  const body = new FormData();
  body.set("file", file);
  return call("POST", ROSTER_URL, { query: { dry_run: dryRun }, body });
}
