import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";

/** Facts come in bursts; one reload per burst. Short enough for "event to screen within 200 ms". */
const GATHER_MS = 60;

/** Returns a function that reloads the queries under `key`, gathering calls that come together. */
export function useRefresh(key: QueryKey): () => void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(key);
  latest.current = key;
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void queries.invalidateQueries({ queryKey: latest.current }), GATHER_MS);
  }, [queries]);
}
