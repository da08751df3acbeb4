import { useEffect, useRef } from "react";
import { prewarm } from "@/api/watching";
import { useNow } from "@/design/useNow";
import { type Carousel, turnAt } from "./carousel";

interface TurnsProps {
  carousel: Carousel;
  onTurn: (tile: number, cameraId: string) => void;
}

/**
 * Puts a carousel's camera of this moment into its tile, and has the next one warmed meanwhile. A component that shows
 * nothing, so that its second hand renders itself and not the whole wall; give each carousel a key of its own.
 */
export function Turns({ carousel, onTurn }: TurnsProps): null {
  const turn = turnAt(carousel, useNow());
  const shown = useRef<string | null>(null);
  const latest = useRef(onTurn);
  latest.current = onTurn;
  const camera = turn?.camera ?? null;
  const next = turn?.next ?? null;
  useEffect(() => {
    if (camera === null || shown.current === camera) return;
    shown.current = camera;
    latest.current(carousel.tile, camera);
    if (next !== null && next !== camera) prewarm([next], "ronde").catch(() => undefined);
  }, [carousel, camera, next]);
  return null;
}
