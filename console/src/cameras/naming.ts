import type { Camera } from "@/api/registry";

/** What a camera is called where only one line stands for it: every commune has a "Gare – dôme". */
export function cameraName(camera: Pick<Camera, "label" | "commune"> | undefined, cameraId: string): string {
  return camera ? `${camera.label} (${camera.commune})` : cameraId;
}
