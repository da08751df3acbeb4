import { type RefObject, useEffect, useState } from "react";
import type { Quality } from "@/api/stream";
import { LivePlayer, type PlayerState } from "./player";

const AGE_EVERY_MS = 500;

const OPENING: PlayerState = { phase: "opening", problem: null, reason: null, attempt: 0 };

/** Watch a camera in `videoRef` while mounted; `retryKey` changes to open anew by hand. */
export function useLivePlayer(
  videoRef: RefObject<HTMLVideoElement | null>,
  cameraId: string,
  quality: Quality,
  retryKey: number,
): { state: PlayerState; ageMs: number | null } {
  const [state, setState] = useState(OPENING);
  const [ageMs, setAgeMs] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: retryKey is there to start over
  useEffect(() => {
    const video = videoRef.current;
    if (!video) return;
    setState(OPENING);
    setAgeMs(null);
    let player: LivePlayer | null = null;
    // Deferred so that React's double mount in development does not write two lines in the register.
    const start = setTimeout(() => {
      player = new LivePlayer(video, cameraId, quality, setState);
      player.start();
    }, 0);
    const age = setInterval(() => {
      if (!document.hidden) setAgeMs(player?.frameAge() ?? null);
    }, AGE_EVERY_MS);
    return () => {
      clearTimeout(start);
      clearInterval(age);
      player?.stop();
    };
  }, [videoRef, cameraId, quality, retryKey]);
  return { state, ageMs };
}
