import { useCallback, useEffect, useRef, useState } from "react";
import { advance, type Span } from "./clock";

const TICK_MS = 100;
/** A camera whose bytes are late holds the others back, but not for ever. */
const LONGEST_HOLD_MS = 8_000;

export interface ReplayClock {
  at: number;
  playing: boolean;
  speed: number;
  seek: (at: number) => void;
  setPlaying: (playing: boolean) => void;
  setSpeed: (speed: number) => void;
  /** Said by a tile: whether it waits for bytes. */
  setWaiting: (tile: string, waiting: boolean) => void;
}

/** One clock for all cameras, in milliseconds of absolute time. */
export function useReplayClock(films: Span[][], window: { starts: number; ends: number }): ReplayClock {
  const [at, setAt] = useState(window.starts);
  const [playing, setPlaying] = useState(true);
  const [speed, setSpeed] = useState(1);
  const waiting = useRef(new Map<string, number>());
  const seek = useCallback(
    (wanted: number) => setAt(Math.min(Math.max(wanted, window.starts), window.ends - 1)),
    [window.starts, window.ends],
  );
  const setWaiting = useCallback((tile: string, waits: boolean) => {
    if (!waits) waiting.current.delete(tile);
    else if (!waiting.current.has(tile)) waiting.current.set(tile, performance.now());
  }, []);
  useEffect(() => {
    if (!playing) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const elapsed = now - last;
      last = now;
      const held = [...waiting.current.values()].some((since) => now - since < LONGEST_HOLD_MS);
      if (held) return;
      setAt((from) => {
        const next = advance(films, from, elapsed, speed, window);
        if (next.over) queueMicrotask(() => setPlaying(false));
        return next.at;
      });
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [films, playing, speed, window]);
  return { at, playing, speed, seek, setPlaying, setSpeed, setWaiting };
}
