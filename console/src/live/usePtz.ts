import { useCallback, useEffect, useRef, useState } from "react";
import { movePtz } from "@/api/stream";
import { type Direction, moveFor, REPEAT_MS, STOP } from "./ptz";

/** Hold-to-move for one camera: `begin` on press, `end` on release; stops by itself when the pad goes away. */
export function usePtz(cameraId: string) {
  const [moving, setMoving] = useState<Direction | null>(null);
  const [error, setError] = useState<unknown>(null);
  const timer = useRef<ReturnType<typeof setInterval>>(undefined);
  const active = useRef<Direction | null>(null);

  const end = useCallback(() => {
    clearInterval(timer.current);
    if (active.current === null) return;
    active.current = null;
    setMoving(null);
    movePtz(cameraId, STOP).catch(setError);
  }, [cameraId]);

  const begin = useCallback(
    (direction: Direction) => {
      if (active.current === direction) return;
      clearInterval(timer.current);
      active.current = direction;
      setMoving(direction);
      setError(null);
      const order = () => {
        movePtz(cameraId, moveFor(direction)).catch((failure: unknown) => {
          clearInterval(timer.current);
          active.current = null;
          setMoving(null);
          setError(failure);
        });
      };
      order();
      timer.current = setInterval(order, REPEAT_MS);
    },
    [cameraId],
  );

  useEffect(() => {
    window.addEventListener("blur", end);
    return () => {
      window.removeEventListener("blur", end);
      end();
    };
  }, [end]);

  return { moving, error, begin, end };
}
