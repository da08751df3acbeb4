import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { fetchRondes, fetchRuns, type RondeRun, type RunPage } from "@/api/rondes";

export const RUNS = ["ronde-runs"] as const;
export const RONDES = ["rondes"] as const;
const OPEN = [...RUNS, "open"] as const;

export const useRondes = () => useQuery({ queryKey: RONDES, queryFn: fetchRondes });

export const useOpenRuns = () => useQuery({ queryKey: OPEN, queryFn: () => fetchRuns(false) });

export const useEndedRuns = () =>
  useInfiniteQuery({
    queryKey: [...RUNS, "ended"],
    queryFn: ({ pageParam }) => fetchRuns(true, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: RunPage) => page.next_before ?? undefined,
  });

/** Sends something about a run; its answer shows at once, the lists follow. */
export function useRunChange() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (send: () => Promise<RondeRun>) => send(),
    onSuccess: (run) =>
      queries.setQueryData<RunPage>(OPEN, (page) =>
        page ? { ...page, items: page.items.map((each) => (each.run_id === run.run_id ? run : each)) } : page,
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: RUNS }),
  });
}
