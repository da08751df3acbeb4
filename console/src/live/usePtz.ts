import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import { movePtz, stopPtz, type Velocity } from "@/api/ptz";
import { type Direction, velocityFor } from "./ptz";
import { PtzSender } from "./ptzSender";

const TAKEN = 409;

/** Hold-to-move for one camera: `begin` on press, `end` on release; stops by itself when the pad goes away. */
export function usePtz(cameraId: string, onCommanded: () => void) {
  const [moving, setMoving] = useState<Direction | null>(null);
  const [error, setError] = useState<unknown>(null);
  const active = useRef<Direction | null>(null);
  const commanded = useRef(onCommanded);
  commanded.current = onCommanded;

  const sender = useMemo(() => {
    const failed = (failure: unknown) => {
      active.current = null;
      setMoving(null);
      setError(failure);
      commanded.current();
    };
    return new PtzSender(
      {
        move: async (velocity, durationMs, gesture) => {
          await movePtz(cameraId, velocity, durationMs, gesture);
          if (gesture.order === 1) commanded.current();
        },
        // Somebody else has it by now: then our move is over as well.
        stop: (gesture) =>
          stopPtz(cameraId, gesture).catch((failure: unknown) => {
            if (asProblem(failure).status !== TAKEN) throw failure;
          }),
      },
      failed,
    );
  }, [cameraId]);

  const end = useCallback(() => {
    active.current = null;
    setMoving(null);
    sender.halt();
  }, [sender]);

  const begin = useCallback(
    (direction: Direction) => {
      if (active.current === direction) return;
      active.current = direction;
      setMoving(direction);
      setError(null);
      sender.steer(velocityFor(direction));
    },
    [sender],
  );

  /** A stick: called again and again; after a refusal it must first be let go. */
  const refused = useRef(false);
  refused.current = error !== null;
  const steer = useCallback(
    (velocity: Velocity) => {
      if (!refused.current) sender.steer(velocity);
    },
    [sender],
  );
  const letGo = useCallback(() => {
    setError(null);
    end();
  }, [end]);

  useEffect(() => {
    window.addEventListener("blur", end);
    window.addEventListener("pagehide", end);
    return () => {
      window.removeEventListener("blur", end);
      window.removeEventListener("pagehide", end);
      end();
    };
  }, [end]);

  return { moving, error, setError, begin, end, steer, letGo };
}
