import { call, type Page } from "./http";

export interface Partner {
  partner_id: string;
  name: string;
  kind: string;
  receives_images: boolean;
  communes: string[];
  channel: string;
  reachable: boolean | null;
}

export type DispatchStatus = "DEMANDE" | "TRANSMIS" | "ACCUSE" | "ECHEC";

/** One message to one partner. Fields an API version may not send yet are optional. */
export interface Dispatch {
  dispatch_id: string;
  incident_id: string;
  incident_number: string;
  insee: string;
  partner_id: string;
  partner_name: string;
  status: DispatchStatus;
  at: string;
  detail: string;
  title?: string;
  priority?: string;
  address?: string | null;
  lon?: number | null;
  lat?: number | null;
  message?: string;
  acknowledged_by?: string | null;
}

export const fetchPartners = async (): Promise<Partner[]> =>
  (await call<Page<Partner>>("GET", "/api/dispatch/partners")).items;

export const fetchDispatches = async (incidentId?: string): Promise<Dispatch[]> =>
  (
    await call<Page<Dispatch>>("GET", "/api/dispatch/dispatches", {
      query: { incident_id: incidentId, limit: 100 },
    })
  ).items;

export const fetchInbox = async (): Promise<Dispatch[]> =>
  (await call<Page<Dispatch>>("GET", "/api/dispatch/inbox")).items;

export const acknowledgeDispatch = (id: string): Promise<unknown> =>
  call("POST", `/api/dispatch/dispatches/${encodeURIComponent(id)}/acknowledgement`, { body: {} });

export const retryDispatch = (id: string): Promise<unknown> =>
  call("POST", `/api/dispatch/dispatches/${encodeURIComponent(id)}/retries`, { body: {} });
