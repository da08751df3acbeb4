import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { fetchCoverage, type Place } from "@/api/geography";
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
import { SeeingCard } from "./SeeingCard";

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
  const [place, setPlace] = useState<Place | null>(null);
  const choose = (id: string | null) => {
    setPlace(null);
    setSearch(id ? { camera: id } : {}, { replace: true });
  };
  const ask = (spot: Place) => {
    setSearch({}, { replace: true });
    setPlace(spot);
  };
  const coverage = useQuery({
    queryKey: ["coverage", chosen?.camera_id],
    queryFn: ({ signal }) => fetchCoverage(chosen?.camera_id ?? "", signal),
    enabled: chosen !== null,
    staleTime: 60_000,
  });
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
            coverage={chosen ? (coverage.data ?? null) : null}
            place={place}
            onPlace={ask}
            card={
              chosen ? (
                <CameraCard
                  camera={chosen}
                  neighbours={neighbours}
                  onChoose={choose}
                  onClose={() => choose(null)}
                />
              ) : place ? (
                <SeeingCard place={place} onChoose={choose} onClose={() => setPlace(null)} />
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
          <li className={classes.hint}>{t("map.seeing_hint")}</li>
        </ul>
        <div className={classes.line}>
          <PushBadge states={[push]} />
        </div>
      </div>
    </div>
  );
}
