import { useEffect, useRef, useState } from "react";
import type { Velocity } from "@/api/ptz";
import { pluggedIn, velocityOf } from "./joystick";
import { isStill } from "./ptz";

const LOOK_MS = 50;

/** Follow a joystick; still when it is let go, unplugged, or when the page is left. Tells whether there is one. */
export function useJoystick(onSteer: (velocity: Velocity) => void, onRelease: () => void): boolean {
  const [present, setPresent] = useState(false);
  const latest = useRef({ onSteer, onRelease });
  latest.current = { onSteer, onRelease };
  useEffect(() => {
    if (typeof navigator.getGamepads !== "function") return;
    let pushed = false;
    const release = () => {
      if (pushed) latest.current.onRelease();
      pushed = false;
    };
    const look = () => {
      const stick = document.hasFocus() ? pluggedIn(navigator.getGamepads()) : null;
      setPresent(stick !== null);
      const velocity = stick && velocityOf(stick);
      if (!velocity || isStill(velocity)) {
        release();
        return;
      }
      pushed = true;
      latest.current.onSteer(velocity);
    };
    const timer = setInterval(look, LOOK_MS);
    const leaving = ["blur", "pagehide", "gamepaddisconnected"] as const;
    for (const name of leaving) window.addEventListener(name, release);
    document.addEventListener("visibilitychange", release);
    return () => {
      clearInterval(timer);
      for (const name of leaving) window.removeEventListener(name, release);
      document.removeEventListener("visibilitychange", release);
      release();
    };
  }, []);
  return present;
}
