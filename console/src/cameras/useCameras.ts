import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Camera, fetchCameras, fetchCommunes } from "@/api/registry";
import type { ChannelState } from "@/push/liveChannel";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";

const CAMERAS = ["cameras"] as const;

/** All cameras of the agent's communes, and by id. One load for map, list, form and tiles. */
export function useCameras() {
  const query = useQuery({
    queryKey: CAMERAS,
    queryFn: ({ signal }) => fetchCameras(signal),
    staleTime: 5 * 60_000,
  });
  const byId = useMemo(
    () => new Map((query.data ?? []).map((camera) => [camera.camera_id, camera] as const)),
    [query.data],
  );
  return { ...query, cameras: query.data, byId };
}

export function useCommunes(enabled = true) {
  return useQuery({
    queryKey: ["communes"],
    queryFn: fetchCommunes,
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

/** Keep camera states in step with the registry's facts. */
export function useCameraPush(): ChannelState {
  const queries = useQueryClient();
  const refresh = useRefresh(CAMERAS);
  return useLive("registry", {
    onGap: refresh,
    onFact: (fact, { data }) => {
      if (fact !== "camera_health_changed") {
        refresh();
        return;
      }
      queries.setQueryData<Camera[]>(CAMERAS, (cameras) =>
        cameras?.map((camera) =>
          camera.camera_id === data.camera_id ? { ...camera, online: data.online === true } : camera,
        ),
      );
    },
  });
}
