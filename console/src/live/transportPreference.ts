import { useSyncExternalStore } from "react";
import { PREFERENCES, type TransportPreference } from "./transport";

/** Of the workstation, not of the agent: the line belongs to the room. */
const STORED = "vigie.transport";
const listeners = new Set<() => void>();

export function readPreference(): TransportPreference {
  const stored = localStorage.getItem(STORED);
  return PREFERENCES.find((each) => each === stored) ?? "auto";
}

export function storePreference(preference: TransportPreference): void {
  localStorage.setItem(STORED, preference);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // Another window of the same workstation may be the one in which it is changed.
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** The workstation's wish, the same in all its tiles and windows. */
export function useTransportPreference(): TransportPreference {
  return useSyncExternalStore(subscribe, readPreference);
}
