import { call, type Page } from "./http";

export interface AgentChoice {
  agent_id: string;
  name: string;
  role: string;
  organisation_name: string;
}

export interface SimulatedCamera {
  camera_id: string;
  label: string;
  insee: string;
  commune: string;
}

/** How many cameras, and the first of them; `next_after` asks for the following ones. */
export interface CameraCount {
  count: number;
  cameras: SimulatedCamera[];
  next_after: string | null;
}

export interface RefusedGroup extends CameraCount {
  rule: string;
  explanation: string;
  citation: string;
  /** Contexts of which each alone would open these cameras. */
  opened_by: string[];
}

export interface Outlook {
  action: string;
  allowed: CameraCount;
  refused: RefusedGroup[];
}

export interface Simulation {
  agent: {
    agent_id: string;
    name: string;
    role: string;
    organisation_name: string;
    habilitation_until: string | null;
    agrement_until: string | null;
    active: boolean;
  };
  at: string;
  cameras: number;
  outlooks: Outlook[];
}

export interface SimulationQuestion {
  agent_id: string;
  at?: string;
  actions?: string[];
  rule?: string;
  after?: string;
  limit?: number;
}

export interface Explanation {
  allowed: boolean;
  rule: string;
  citation: string;
  steps: { rule: string; applies: boolean; passed: boolean; explanation: string; citation: string }[];
}

export const fetchAgentChoices = async (): Promise<AgentChoice[]> =>
  (await call<Page<AgentChoice>>("GET", "/api/access/agents", { query: { limit: 500 } })).items;

export const simulateRights = (question: SimulationQuestion): Promise<Simulation> =>
  call("POST", "/api/access/policy/simulations", { body: question });

export const explainRight = (question: {
  agent_id: string;
  camera_id: string;
  action: string;
  at?: string;
}): Promise<Explanation> => call("POST", "/api/access/policy/explanations", { body: question });
