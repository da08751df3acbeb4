import { useQuery, useQueryClient } from "@tanstack/react-query";
import { fetchAgents, fetchDeadlines, fetchOrganisations } from "@/api/agents";

export const AGENTS = ["agents"] as const;

export const useAgents = () =>
  useQuery({ queryKey: [...AGENTS, "list"], queryFn: ({ signal }) => fetchAgents(signal) });

export const useDeadlines = () => useQuery({ queryKey: [...AGENTS, "deadlines"], queryFn: fetchDeadlines });

export const useOrganisations = () =>
  useQuery({ queryKey: ["organisations"], queryFn: fetchOrganisations, staleTime: 60_000 });

/** Asks everything about agents again, after one was changed. */
export function useRefreshAgents(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: AGENTS });
}
