import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { fetchWatching } from "@/api/watching";
import { can, useMe } from "@/app/session";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";

export const WATCHING = ["watching"] as const;
const SESSION_FACTS = new Set(["session_opened", "session_closed", "session_switched"]);

/** Who watches what, in step with the facts; only asked for those who may know. */
export function useWatching() {
  const me = useMe();
  const may = can(me, "supervise");
  const refresh = useRefresh(WATCHING);
  const line = useLive("stream", {
    onFact: (fact) => {
      if (may && SESSION_FACTS.has(fact)) refresh();
    },
    onGap: () => {
      if (may) refresh();
    },
  });
  const query = useQuery({ queryKey: WATCHING, queryFn: fetchWatching, enabled: may });
  const viewers = useMemo(
    () => new Map((query.data?.cameras ?? []).map((camera) => [camera.camera_id, camera.viewers.length])),
    [query.data],
  );
  return { may, query, viewers, line };
}
