import { useEffect, useRef } from "react";
import { prewarm } from "@/api/watching";
import { useNow } from "@/design/useNow";
import { type Carousel, turnAt } from "./carousel";

/** Puts a carousel's camera of this moment into its tile, and has the next one warmed meanwhile. */
export function useCarousel(
  carousel: Carousel | null,
  onTurn: (tile: number, cameraId: string) => void,
): void {
  const now = useNow();
  const shown = useRef<string | null>(null);
  const latest = useRef(onTurn);
  latest.current = onTurn;
  const turn = carousel ? turnAt(carousel, now) : null;
  const camera = turn?.camera ?? null;
  const next = turn?.next ?? null;
  useEffect(() => {
    if (!carousel || camera === null || shown.current === camera) return;
    shown.current = camera;
    latest.current(carousel.tile, camera);
    if (next !== null && next !== camera) prewarm([next], "ronde").catch(() => undefined);
  }, [carousel, camera, next]);
  useEffect(() => {
    if (!carousel) shown.current = null;
  }, [carousel]);
}
