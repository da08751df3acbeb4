import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { unlessRefused } from "@/api/polling";
import { fetchPtz, fetchPtzPresets } from "@/api/ptz";
import { useMe } from "@/app/session";
import { useLive } from "@/push/useLive";

const POLL_MS = 5_000;

/** Who moves a camera, in step with the gateway's facts; `lostTo` names who took it from this agent. */
export function usePtzState(cameraId: string) {
  const me = useMe();
  const queries = useQueryClient();
  const [lostTo, setLostTo] = useState<string | null>(null);
  const query = useQuery({
    queryKey: ["ptz", cameraId],
    queryFn: ({ signal }) => fetchPtz(cameraId, signal),
    refetchInterval: unlessRefused(POLL_MS),
  });
  const refresh = useCallback(
    () => void queries.invalidateQueries({ queryKey: ["ptz", cameraId] }),
    [queries, cameraId],
  );
  useLive("stream", {
    onGap: refresh,
    onFact: (fact, { data }) => {
      if ((fact !== "ptz_taken" && fact !== "ptz_released") || data.camera_id !== cameraId) return;
      if (fact === "ptz_taken") setLostTo(data.lost_by_id === me.agent_id ? String(data.holder_name) : null);
      refresh();
    },
  });
  return { state: query.data, toldAt: query.dataUpdatedAt, lostTo, refresh };
}

/** Presets and tours of a camera; asking also opens the line to it, so that the first move is quick. */
export function usePtzPresets(cameraId: string) {
  return useQuery({
    queryKey: ["ptz-presets", cameraId],
    queryFn: ({ signal }) => fetchPtzPresets(cameraId, signal),
    staleTime: 60_000,
    retry: false,
  });
}
