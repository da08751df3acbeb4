import { useQuery, useQueryClient } from "@tanstack/react-query";
import { fetchMasks, fetchReviews, fetchUnsigned } from "@/api/masks";

const MASKS = ["masks"] as const;

export const useUnsigned = () =>
  useQuery({ queryKey: [...MASKS, "unsigned"], queryFn: ({ signal }) => fetchUnsigned(signal) });

export const useReviews = () => useQuery({ queryKey: [...MASKS, "reviews"], queryFn: fetchReviews });

export const useMasks = (cameraId: string) =>
  useQuery({ queryKey: [...MASKS, "camera", cameraId], queryFn: () => fetchMasks(cameraId) });

/** Asks everything about masks again, after something was signed or voided. */
export function useRefreshMasks(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: MASKS });
}
