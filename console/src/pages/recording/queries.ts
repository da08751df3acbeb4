import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { unlessRefused } from "@/api/polling";
import { fetchLedger, fetchNodes, fetchRecorders } from "@/api/recording";

export const EVERY_MS = 10_000;
/** The ledger moves by the minute, and reading a day of a fleet costs more than reading its state. */
export const LEDGER_EVERY_MS = 60_000;
export const NODES = ["media-nodes"] as const;
const RECORDERS = ["recorders"] as const;

export const useNodes = () =>
  useQuery({
    queryKey: NODES,
    queryFn: ({ signal }) => fetchNodes(signal),
    refetchInterval: unlessRefused(EVERY_MS),
  });

export const useRecorders = () =>
  useQuery({
    queryKey: RECORDERS,
    queryFn: ({ signal }) => fetchRecorders(signal),
    refetchInterval: unlessRefused(EVERY_MS),
  });

/** A past day is asked once, the present one again and again. */
export const useLedger = (day: string, cameraId: string | null, isToday: boolean) =>
  useInfiniteQuery({
    queryKey: ["ledger", day, cameraId],
    queryFn: ({ signal, pageParam }) => fetchLedger({ day, camera_id: cameraId, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? null,
    refetchInterval: isToday ? unlessRefused(LEDGER_EVERY_MS) : false,
  });
