/** Cameras that take turns in one tile. */
export interface Carousel {
  tile: number;
  cameras: string[];
  seconds: number;
  startedAt: number;
}

export const CAROUSEL_SECONDS = { least: 5, usual: 10, most: 30 } as const;

/** The turn at an instant (ms), and the camera that comes after it: warm it meanwhile. */
export function turnAt(carousel: Carousel, now: number): { camera: string; next: string } | null {
  const { cameras, seconds, startedAt } = carousel;
  if (cameras.length === 0) return null;
  const turns = Math.max(0, Math.floor((now - startedAt) / (seconds * 1000)));
  return {
    camera: cameras[turns % cameras.length] as string,
    next: cameras[(turns + 1) % cameras.length] as string,
  };
}
