import { useQuery } from "@tanstack/react-query";
import { fetchArretes } from "@/api/arretes";
import { fetchContours } from "@/api/registry";

export const ARRETES = ["arretes"] as const;

export const useArretes = () => useQuery({ queryKey: ARRETES, queryFn: fetchArretes });

export const useContours = () =>
  useQuery({ queryKey: ["contours"], queryFn: fetchContours, staleTime: Number.POSITIVE_INFINITY });
