import { call } from "./http";
import type { Incident } from "./incident";

export const ALARM_KINDS = [
  "bouton_alerte",
  "sabotage",
  "franchissement",
  "mouvement",
  "entree_contact",
  "camera_hs",
  "image_figee",
  "image_noire",
  "image_floue",
  "camera_deplacee",
  "horloge",
  "qualite",
  "masque_defaillant",
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

export type AlarmStatus = "nouvelle" | "acquittee" | "ignoree";

export interface Alarm {
  alarm_id: string;
  source: string;
  source_id: string;
  kind: AlarmKind;
  technical: boolean;
  camera_ids: string[];
  insee: string;
  label: string;
  raised_at: string;
  ended_at: string | null;
  repeats: number;
  detail: string;
  status: AlarmStatus;
  judged_by_name: string | null;
}

export interface AlarmPage {
  items: Alarm[];
  next_before: string | null;
}

export interface AlarmButton {
  button_id: string;
  label: string;
  address: string;
  insee: string;
  lon: number;
  lat: number;
  proof: ButtonProof;
  retired_at: string | null;
}

export type ButtonProof = "signature" | "jeton";

export type NewButton = Omit<AlarmButton, "retired_at">;

/** The only answer that ever holds a button's secret. */
export interface ButtonWithSecret extends AlarmButton {
  secret: string;
  path: string;
}

export interface AlarmFilter {
  family: "toutes" | "rue" | "technique";
  ongoing: boolean;
}

export const fetchAlarms = (ongoing: boolean, before?: string): Promise<AlarmPage> =>
  call("GET", "/api/registry/alarms", { query: { ongoing: ongoing || null, before, limit: 100 } });

export const judgeAlarm = (id: string, status: "acquittee" | "ignoree"): Promise<Alarm> =>
  call("POST", `/api/registry/alarms/${encodeURIComponent(id)}/judgement`, { body: { status, note: "" } });

export const fetchIncidentOfAlarm = (id: string): Promise<Incident> =>
  call("GET", `/api/incident/alarms/${encodeURIComponent(id)}`);

export const fetchButtons = async (): Promise<AlarmButton[]> =>
  (await call<{ items: AlarmButton[] }>("GET", "/api/registry/alarms/buttons")).items;

export const registerButton = (button: NewButton): Promise<ButtonWithSecret> =>
  call("POST", "/api/registry/alarms/buttons", { body: button });

export const retireButton = (id: string): Promise<void> =>
  call("DELETE", `/api/registry/alarms/buttons/${encodeURIComponent(id)}`);
