import { useQuery } from "@tanstack/react-query";
import { fetchDispatches, fetchPartners } from "@/api/dispatch";
import { fetchIncident, fetchIncidents, fetchNomenclature } from "@/api/incident";
import type { ChannelState } from "@/push/liveChannel";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";

export const INCIDENTS = ["incidents"] as const;
export const DISPATCHES = ["dispatches"] as const;

export const useNomenclature = () =>
  useQuery({ queryKey: ["nomenclature"], queryFn: fetchNomenclature, staleTime: Number.POSITIVE_INFINITY });

export const useIncidents = (open: boolean) =>
  useQuery({ queryKey: [...INCIDENTS, "list", open], queryFn: () => fetchIncidents(open) });

export const useIncident = (id: string) =>
  useQuery({ queryKey: [...INCIDENTS, "one", id], queryFn: () => fetchIncident(id) });

export const useIncidentDispatches = (id: string) =>
  useQuery({ queryKey: [...DISPATCHES, id], queryFn: () => fetchDispatches(id) });

export const usePartners = (enabled = true) =>
  useQuery({ queryKey: ["partners"], queryFn: fetchPartners, staleTime: 30_000, enabled });

/** Keep incidents and the state of their messages in step with the servers; both lines must be alive. */
export function useIncidentPush(): ChannelState[] {
  const incidents = useRefresh(INCIDENTS);
  const dispatches = useRefresh(DISPATCHES);
  const incidentLine = useLive("incident", { onFact: incidents, onGap: incidents });
  const both = () => {
    dispatches();
    incidents();
  };
  const dispatchLine = useLive("dispatch", { onFact: both, onGap: dispatches });
  return [incidentLine, dispatchLine];
}
