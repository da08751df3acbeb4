import { useEffect, useRef, useState } from "react";
import type { Camera } from "@/api/registry";
import { afterKey, camerasCalled, NO_CALL } from "./numberCall";

/** How long a called number stays on screen. */
const SHOWN_MS = 2_500;

/** What was typed on the keypad, and the cameras it means. */
export interface Called {
  typed: string;
  called: boolean;
  found: Camera[];
}

/** Type a number anywhere but in a field, then Enter: the camera comes. Null while nothing is typed. */
export function useNumberCall(cameras: readonly Camera[], onCall: (camera: Camera) => void): Called | null {
  const [call, setCall] = useState(NO_CALL);
  const latest = useRef({ call, cameras, onCall });
  latest.current = { call, cameras, onCall };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (target?.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]")) return;
      const next = afterKey(latest.current.call, event.key);
      if (!next) return;
      // Enter would also press the button that has the focus.
      event.preventDefault();
      event.stopPropagation();
      latest.current.call = next;
      setCall(next);
      const first = next.called ? camerasCalled(latest.current.cameras, next.typed)[0] : undefined;
      if (first) latest.current.onCall(first);
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, []);
  useEffect(() => {
    if (!call.called) return;
    const timer = setTimeout(() => setCall(NO_CALL), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [call]);
  return call.typed ? { ...call, found: camerasCalled(cameras, call.typed) } : null;
}
