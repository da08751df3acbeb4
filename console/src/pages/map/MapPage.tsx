import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { type Camera, fetchContours } from "@/api/registry";
import { CameraList } from "@/cameras/CameraList";
import { byUsefulness, type CameraState, TONE_OF_STATE } from "@/cameras/state";
import { useCameraPush, useCameras } from "@/cameras/useCameras";
import { PageTitle } from "@/design/PageTitle";
import { ProblemAlert } from "@/design/ProblemAlert";
import { PushBadge } from "@/design/PushBadge";
import { StateDot } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import { useDeclareSubject } from "@/pages/incidents/declare";
import { CameraCard } from "./CameraCard";
import { CameraMap } from "./CameraMap";
import classes from "./MapPage.module.css";

const NO_CAMERAS: never[] = [];
const STATES: CameraState[] = ["online", "unknown", "offline", "no_stream"];

/** The other cameras of the same point d'implantation: on the map they lie on one another. */
function onSameMast(cameras: readonly Camera[], chosen: Camera | null): Camera[] {
  if (!chosen) return NO_CAMERAS;
  return cameras
    .filter(({ site_id, camera_id }) => site_id === chosen.site_id && camera_id !== chosen.camera_id)
    .toSorted(byUsefulness);
}

/** Where the cameras are and how they are. The chosen camera stands in the address. */
export function MapPage() {
  const { t, word } = useI18n();
  const [search, setSearch] = useSearchParams();
  const { cameras, byId } = useCameras();
  const push = useCameraPush();
  const contours = useQuery({
    queryKey: ["contours"],
    queryFn: fetchContours,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const chosen = byId.get(search.get("camera") ?? "") ?? null;
  const neighbours = useMemo(() => onSameMast(cameras ?? NO_CAMERAS, chosen), [cameras, chosen]);
  useDeclareSubject(chosen?.camera_id ?? null);
  const choose = (id: string | null) => setSearch(id ? { camera: id } : {}, { replace: true });
  return (
    <div className={classes.page}>
      <PageTitle title={t("map.title")} />
      <CameraList
        className={classes.list ?? ""}
        selected={chosen ? [chosen.camera_id] : []}
        onChoose={(camera) => choose(camera.camera_id)}
      />
      <div className={classes.frame}>
        {contours.error ? (
          <ProblemAlert error={contours.error} onRetry={() => void contours.refetch()} />
        ) : null}
        {contours.data ? (
          <CameraMap
            contours={contours.data}
            cameras={cameras ?? NO_CAMERAS}
            chosen={chosen}
            onChoose={choose}
            card={
              chosen ? (
                <CameraCard
                  camera={chosen}
                  neighbours={neighbours}
                  onChoose={choose}
                  onClose={() => choose(null)}
                />
              ) : null
            }
          />
        ) : (
          <Skeleton h="100%" animate={false} />
        )}
        <ul className={classes.legend} aria-label={t("map.legend")}>
          {STATES.map((state) => (
            <li key={state}>
              <StateDot tone={TONE_OF_STATE[state]} />
              {word("camera.state", state)}
            </li>
          ))}
        </ul>
        <div className={classes.line}>
          <PushBadge states={[push]} />
        </div>
      </div>
    </div>
  );
}
