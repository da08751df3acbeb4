import { allPages, call, type Page, withQuery } from "./http";

/** A corner in fractions of the picture, from its top left. */
export type Corner = [number, number];

export interface MaskPolygon {
  corners: Corner[];
  label: string;
}

export interface MaskSet {
  mask_set_id: string;
  camera_id: string;
  preset: string | null;
  polygons: MaskPolygon[];
  declaration: string;
  still_id: string | null;
  drawn_by: string;
  drawn_at: string;
  status: "brouillon" | "signe" | "caduc" | "remplace";
  signed_by: string | null;
  signed_at: string | null;
  review_due: string | null;
  review_overdue: boolean;
  borne_by: "camera" | "plan_media" | null;
  bearing_problem: string;
  in_force: boolean;
  ended_at: string | null;
  end_reason: string;
}

export interface CameraMasks {
  signed: boolean;
  review_due: string | null;
  items: MaskSet[];
}

export interface Still {
  still_id: string;
  camera_id: string;
  taken_at: string;
  width: number;
  height: number;
  path: string;
}

export interface UnsignedCamera {
  camera_id: string;
  label: string;
  insee: string;
  bearing_problem: string | null;
}

const REGISTRY = "/api/registry";
const UNSIGNED_AT_MOST = 10_000;

const of = (cameraId: string): string => `${REGISTRY}/cameras/${encodeURIComponent(cameraId)}/masks`;

export const fetchUnsigned = (signal?: AbortSignal): Promise<UnsignedCamera[]> =>
  allPages(`${REGISTRY}/masks/unsigned`, { limit: 1000 }, UNSIGNED_AT_MOST, signal);

export interface MaskReview {
  mask_set_id: string;
  camera_id: string;
  preset: string | null;
  review_due: string;
}

export const fetchReviews = async (): Promise<MaskReview[]> =>
  (await call<Page<MaskReview>>("GET", `${REGISTRY}/masks/reviews`)).items;

export const fetchMasks = (cameraId: string): Promise<CameraMasks> => call("GET", of(cameraId));

/** A technicien needs the maintenance ticket for which the picture is looked at. */
export const takeStill = (cameraId: string, ticketId: string | null): Promise<Still> =>
  call("POST", `${of(cameraId)}/stills`, { body: { ticket_id: ticketId } });

export const stillUrl = (stillId: string, ticketId: string | null): string =>
  withQuery(`${REGISTRY}/masks/stills/${encodeURIComponent(stillId)}`, { ticket_id: ticketId });

export interface Draft {
  polygons: MaskPolygon[];
  declaration: string;
  still_id: string | null;
}

export const drawMasks = (cameraId: string, body: Draft): Promise<MaskSet> =>
  call("POST", of(cameraId), { body });

export const signMasks = (maskSetId: string): Promise<MaskSet> =>
  call("POST", `${REGISTRY}/masks/${encodeURIComponent(maskSetId)}/signature`);

export const reviewMasks = (maskSetId: string): Promise<MaskSet> =>
  call("POST", `${REGISTRY}/masks/${encodeURIComponent(maskSetId)}/reviews`);

export const voidMasks = (cameraId: string, reason: string): Promise<CameraMasks> =>
  call("POST", `${of(cameraId)}/voidings`, { body: { reason } });

export const declareWithoutMasks = (cameraIds: string[], declaration: string): Promise<Page<MaskSet>> =>
  call("POST", `${REGISTRY}/masks/declarations`, { body: { camera_ids: cameraIds, declaration } });
