import { useEffect, useRef, useState } from "react";
import type { Camera } from "@/api/registry";
import { afterKey, camerasCalled, lasting, NO_CALL } from "./numberCall";

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
    const ms = lasting(call);
    if (ms === null) return;
    const timer = setTimeout(() => setCall(NO_CALL), ms);
    return () => clearTimeout(timer);
  }, [call]);
  return call.typed ? { ...call, found: camerasCalled(cameras, call.typed) } : null;
}
