import type { CameraHealth } from "@/api/health";

/** The gravest trouble first, as the server orders the kinds; of the same kind the one that began last. */
const ORDER = [
  "camera_hs",
  "image_noire",
  "image_figee",
  "image_floue",
  "camera_deplacee",
  "horloge",
  "qualite",
];

export function byGravity(cameras: CameraHealth[]): CameraHealth[] {
  const rank = (camera: CameraHealth) => {
    const place = ORDER.indexOf(camera.troubles[0]?.kind ?? "");
    return place < 0 ? ORDER.length : place;
  };
  const since = (camera: CameraHealth) => camera.troubles[0]?.since ?? camera.since ?? "";
  return [...cameras].sort((one, other) => rank(one) - rank(other) || since(other).localeCompare(since(one)));
}
