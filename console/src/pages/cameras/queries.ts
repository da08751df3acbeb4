import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type CameraChange, type CameraSheet, changeCamera, fetchSheet } from "@/api/fleet";
import { useI18n } from "@/i18n/I18n";

const sheetKey = (cameraId: string) => ["camera-sheet", cameraId] as const;
export const mountingKey = (cameraId: string) => ["camera-mounting", cameraId] as const;
export const placementsKey = (cameraId: string) => ["camera-placements", cameraId] as const;
export const ticketsKey = (cameraId: string) => ["camera-tickets", cameraId] as const;

export function useSheet(cameraId: string) {
  return useQuery({
    queryKey: sheetKey(cameraId),
    queryFn: () => fetchSheet(cameraId),
    // A sheet that changes under somebody's hands would lose what was typed: it is read again when asked for.
    staleTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

/** Makes the screen forget what it knows of a camera that somebody just changed. */
export function useCameraChanged() {
  const queries = useQueryClient();
  return async (cameraId: string, sheet?: CameraSheet) => {
    if (sheet) queries.setQueryData(sheetKey(cameraId), sheet);
    else await queries.invalidateQueries({ queryKey: sheetKey(cameraId) });
    await queries.invalidateQueries({ queryKey: ["cameras"] });
  };
}

/** Saves a change of the sheet that was read; a change that somebody made meanwhile is refused by the registry. */
export function useSave(sheet: CameraSheet) {
  const { t } = useI18n();
  const told = useCameraChanged();
  return useMutation({
    mutationFn: (change: CameraChange) => changeCamera(sheet.camera_id, sheet.revision, change),
    onSuccess: async (saved) => {
      notifications.show({ message: t("fleet.saved"), color: "teal" });
      await told(sheet.camera_id, saved);
    },
  });
}
