import { call, type Page } from "./http";
import type { Camera } from "./registry";

export interface Stream {
  role: "main" | "sub";
  codec: string | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  gop_s: number | null;
  bitrate_kbps: number | null;
}

export interface Site {
  site_id: string;
  insee: string;
  label: string;
  lon: number;
  lat: number;
  support: string | null;
  link: string | null;
  works: string;
  address: string;
  revision: number;
}

/** A camera whole, but for its secrets. `hosts` only for who may configure it: paths and passwords never come back. */
export interface CameraSheet extends Camera {
  revision: number;
  authorisation_id: string | null;
  manufacturer: string | null;
  model: string | null;
  firmware: string | null;
  serial: string | null;
  streams: Stream[];
  azimuth_deg: number | null;
  opening_deg: number | null;
  range_m: number | null;
  height_m: number | null;
  notes: string;
  has_sub_stream: boolean;
  has_onvif: boolean;
  credentials_set: boolean;
  masks_signed: boolean;
  masks_review_due: string | null;
  registered_at: string;
  installed_on: string | null;
  site: Site;
  next_statuses: string[];
  hosts: { rtsp_main: string | null; rtsp_sub: string | null; onvif: string | null } | null;
}

/** What a person writes of a camera: only what is there changes. */
export interface CameraChange {
  label?: string;
  code?: string;
  kind?: string;
  status?: string;
  lon?: number;
  lat?: number;
  site_id?: string;
  has_ptz?: boolean;
  installed_on?: string | null;
  notes?: string;
  optics?: Partial<Record<"azimuth_deg" | "opening_deg" | "range_m" | "height_m", number | null>>;
  equipment?: Partial<Record<"manufacturer" | "model" | "firmware" | "serial", string | null>> & {
    streams?: Stream[];
  };
  endpoints?: Partial<Record<"rtsp_main" | "rtsp_sub" | "onvif", string | null>>;
}

export interface NewCamera {
  code: string;
  label: string;
  insee: string;
  kind: string;
  status: string;
  lon: number;
  lat: number;
}

export interface Preset {
  number: number;
  name: string;
  token: string | null;
  pan: number | null;
  tilt: number | null;
  zoom: number | null;
}

export interface TourStep {
  preset: number;
  dwell_s: number;
}

export interface Tour {
  tour_id: string;
  name: string;
  steps: TourStep[];
}

export interface Mounting {
  presets: Preset[];
  tours: Tour[];
}

export interface Placement {
  placement_id: string;
  site_id: string;
  label: string;
  lon: number;
  lat: number;
  from: string;
  until: string | null;
  prefet_informed_on: string | null;
  moved_by: string;
}

export interface Move {
  placement_id: string;
  lon: number;
  lat: number;
  label: string;
  prefet_informed_on: string;
}

export interface Ticket {
  ticket_id: string;
  insee: string;
  camera_ids: string[];
  title: string;
  description: string;
  opened_by: string;
  opened_at: string;
  closed_by: string | null;
  closed_at: string | null;
}

export interface TicketThread extends Ticket {
  comments: { comment_id: string; author: string; text: string; at: string }[];
}

const camera = (id: string) => `/api/registry/cameras/${encodeURIComponent(id)}`;
const ticket = (id: string) => `/api/registry/tickets/${encodeURIComponent(id)}`;

export const fetchSheet = (id: string): Promise<CameraSheet> => call("GET", camera(id));

export const createCamera = (body: NewCamera): Promise<CameraSheet> =>
  call("POST", "/api/registry/cameras", { body });

export const changeCamera = (id: string, revision: number, change: CameraChange): Promise<CameraSheet> =>
  call("PATCH", camera(id), { body: { ...change, revision } });

export const putCredentials = (id: string, username: string, password: string): Promise<void> =>
  call("PUT", `${camera(id)}/credentials`, { body: { username, password } });

export const fetchMounting = (id: string): Promise<Mounting> => call("GET", `${camera(id)}/presets`);

export const putPreset = (
  id: string,
  number: number,
  body: { name: string; token: string | null },
): Promise<Mounting> => call("PUT", `${camera(id)}/presets/${number}`, { body });

export const deletePreset = (id: string, number: number): Promise<void> =>
  call("DELETE", `${camera(id)}/presets/${number}`);

export const putTour = (id: string, { tour_id, name, steps }: Tour): Promise<Mounting> =>
  call("PUT", `${camera(id)}/tours/${encodeURIComponent(tour_id)}`, { body: { name, steps } });

export const deleteTour = (id: string, tourId: string): Promise<void> =>
  call("DELETE", `${camera(id)}/tours/${encodeURIComponent(tourId)}`);

export const fetchPlacements = async (id: string): Promise<Placement[]> =>
  (await call<Page<Placement>>("GET", `${camera(id)}/placements`)).items;

export const moveNomad = async (id: string, body: Move): Promise<Placement[]> =>
  (await call<Page<Placement>>("POST", `${camera(id)}/placements`, { body })).items;

export const fetchTickets = async (cameraId: string): Promise<Ticket[]> =>
  (
    await call<Page<Ticket>>("GET", "/api/registry/tickets", {
      query: { camera_id: cameraId, state: "all" },
    })
  ).items;

export const fetchTicket = (id: string): Promise<TicketThread> => call("GET", ticket(id));

export const openTicket = (
  body: Pick<Ticket, "ticket_id" | "insee" | "camera_ids" | "title" | "description">,
): Promise<Ticket> => call("POST", "/api/registry/tickets", { body });

export const commentTicket = (id: string, commentId: string, text: string): Promise<TicketThread> =>
  call("POST", `${ticket(id)}/comments`, { body: { comment_id: commentId, text } });

export const closeTicket = (id: string): Promise<TicketThread> => call("POST", `${ticket(id)}/closure`);
