import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { Quality } from "@/api/stream";
import { LivePlayer } from "./player";
import { OPENING } from "./playerState";
import { VideoStage } from "./stage";
import { useTransportPreference } from "./transportPreference";

const AGE_EVERY_MS = 500;

/**
 * Watch a camera in the element of `placeRef` while mounted; `retryKey` changes to open anew by hand. Another quality
 * or transport keeps the picture until the new one is there.
 */
export function useLivePlayer(
  placeRef: RefObject<HTMLElement | null>,
  cameraId: string,
  quality: Quality,
  retryKey: number,
) {
  const preference = useTransportPreference();
  const [state, setState] = useState(OPENING);
  const [ageMs, setAgeMs] = useState<number | null>(null);
  const player = useRef<LivePlayer | null>(null);
  const wish = useRef({ quality, preference });
  wish.current = { quality, preference };
  // biome-ignore lint/correctness/useExhaustiveDependencies: retryKey is there to start over
  useEffect(() => {
    const place = placeRef.current;
    if (!place) return;
    const stage = new VideoStage(place);
    setState(OPENING);
    setAgeMs(null);
    // Deferred so that React's double mount in development does not write two lines in the register.
    const start = setTimeout(() => {
      player.current = new LivePlayer(
        stage,
        cameraId,
        wish.current.quality,
        wish.current.preference,
        setState,
      );
      player.current.start();
    }, 0);
    const age = setInterval(() => {
      if (!document.hidden) setAgeMs(player.current?.frameAge() ?? null);
    }, AGE_EVERY_MS);
    return () => {
      clearTimeout(start);
      clearInterval(age);
      player.current?.stop();
      player.current = null;
      stage.clear();
    };
  }, [placeRef, cameraId, retryKey]);
  useEffect(() => {
    player.current?.setQuality(quality);
  }, [quality]);
  useEffect(() => {
    player.current?.setPreference(preference);
  }, [preference]);
  const sessionId = useCallback(() => player.current?.sessionId ?? null, []);
  return { state, ageMs, sessionId };
}
