import { call } from "./http";

export type Finding = "ras" | "evenement" | "masque_ko" | "image_ko";
export type RunState = "attendue" | "en_cours" | "en_pause" | "a_clore" | "terminee" | "arretee" | "manquee";

export interface RondeStep {
  camera_id: string;
  preset: string | null;
  dwell_seconds: number;
}

export interface RondeTerms {
  name: string;
  purpose: string;
  steps: RondeStep[];
  schedule: { days: number[]; times: string[] };
  active: boolean;
  screen_id: string | null;
  place: number;
}

export interface Ronde extends RondeTerms {
  ronde_id: string;
  lasts_seconds: number;
  next_due_at: string | null;
}

export interface StepRecord extends RondeStep {
  step: number;
  entered_at: string | null;
  left_at: string | null;
  skipped: boolean;
  finding: Finding | "non_constate";
  found_by_name: string;
  found_at: string | null;
  note: string;
  incident_id: string | null;
  picture: "ok" | "masque_ko" | "image_ko" | null;
  picture_reason: string;
  preset_outcome: string | null;
  preset_reason: string;
  seen_by: string[];
}

export interface RondeRun {
  run_id: string;
  ronde_id: string;
  name: string;
  purpose: string;
  state: RunState;
  reason: string;
  scheduled: boolean;
  due_at: string;
  started_at: string | null;
  ended_at: string | null;
  agent_id: string | null;
  agent_name: string;
  current: number | null;
  ends_at: string | null;
  late_seconds: number;
  screen_id: string | null;
  place: number;
  steps: StepRecord[];
}

export interface RunPage {
  items: RondeRun[];
  next_before: string | null;
}

export type RunCommand = "take" | "pause" | "resume" | "skip" | "stop" | "close";

const ronde = (id: string): string => `/api/stream/rondes/${encodeURIComponent(id)}`;
const run = (id: string): string => `/api/stream/ronde-runs/${encodeURIComponent(id)}`;

export const fetchRondes = async (): Promise<Ronde[]> =>
  (await call<{ items: Ronde[] }>("GET", "/api/stream/rondes")).items;

export const addRonde = (terms: RondeTerms): Promise<Ronde> =>
  call("POST", "/api/stream/rondes", { body: terms });

export const changeRonde = (id: string, terms: RondeTerms): Promise<Ronde> =>
  call("PUT", ronde(id), { body: terms });

export const archiveRonde = (id: string): Promise<void> => call("DELETE", ronde(id));

export const startRonde = (id: string): Promise<RondeRun> => call("POST", `${ronde(id)}/runs`, { body: {} });

export const fetchRuns = (ended: boolean, before?: string): Promise<RunPage> =>
  call("GET", "/api/stream/ronde-runs", { query: { ended, before } });

export const commandRun = (id: string, command: RunCommand): Promise<RondeRun> =>
  call("POST", `${run(id)}/${command}`);

export const noteFinding = (
  id: string,
  step: number,
  found: { finding: Finding; note?: string; incident_id?: string },
): Promise<RondeRun> => call("POST", `${run(id)}/steps/${step}/finding`, { body: found });
