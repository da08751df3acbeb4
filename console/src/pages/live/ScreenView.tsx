import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { unlessRefused } from "@/api/polling";
import type { Camera } from "@/api/registry";
import { pushTile, type Screen, sitAtScreen } from "@/api/scenes";
import { useMe } from "@/app/session";
import { useCameras } from "@/cameras/useCameras";
import { PageTitle } from "@/design/PageTitle";
import { ProblemAlert } from "@/design/ProblemAlert";
import { PushBadge } from "@/design/PushBadge";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { LiveTile } from "@/live/LiveTile";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";
import classes from "./LivePage.module.css";
import { NumberCallBadge } from "./NumberCallBadge";
import { later, placesOf } from "./screenTiles";
import { useNumberCall } from "./useNumberCall";
import { type Layout, qualityFor } from "./wall";

/** The seat lasts 30 s on the server. */
const SIT_MS = 10_000;

interface ScreenViewProps {
  screenId: string;
  onLeave: () => void;
}

/** One screen of the wall, full screen: shows what the server says, whoever pushed it, and survives a reload. */
export function ScreenView({ screenId, onLeave }: ScreenViewProps) {
  const { t } = useI18n();
  const { cameras = [] } = useCameras();
  const queries = useQueryClient();
  const key = ["screen", screenId] as const;
  const refresh = useRefresh(key);
  const line = useLive("stream", {
    onFact: (fact, { data }) => {
      if (fact === "screen_changed" && data.screen_id === screenId) refresh();
    },
    onGap: refresh,
  });
  const { data: screen, error } = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) =>
      later(queries.getQueryData<Screen>(key), await sitAtScreen(screenId, signal)),
    refetchInterval: unlessRefused(SIT_MS),
    refetchIntervalInBackground: true,
  });
  const [selected, setSelected] = useState(0);
  const place = screen ? Math.min(selected, screen.layout - 1) : 0;
  const putting = useMutation({
    mutationFn: ({ at, cameraId }: { at: number; cameraId: string | null }) =>
      pushTile(screenId, at, cameraId ? { camera_id: cameraId } : null),
    onSuccess: (next) => queries.setQueryData<Screen>(key, (known) => later(known, next)),
  });
  const call = useNumberCall(cameras, (camera) => putting.mutate({ at: place, cameraId: camera.camera_id }));
  return (
    <div className={classes.screen} data-testid={`screen-${screenId}`}>
      <PageTitle title={screen?.label ?? screenId} />
      {error && !screen ? <ProblemAlert error={error} /> : null}
      {putting.error ? <ProblemAlert error={putting.error} compact /> : null}
      {screen ? (
        <>
          <div className={classes.grid} data-layout={screen.layout}>
            <ScreenTiles
              screen={screen}
              selected={place}
              onSelect={setSelected}
              onClose={(at) => putting.mutate({ at, cameraId: null })}
            />
          </div>
          <footer className={classes.foot}>
            <ScreenNote screen={screen} />
            <PushBadge states={[line]} />
            <Button size="compact-xs" variant="default" onClick={onLeave}>
              {t("wall.screen_leave")}
            </Button>
          </footer>
        </>
      ) : null}
      <NumberCallBadge call={call} />
    </div>
  );
}

function ScreenNote({ screen }: { screen: Screen }) {
  const { t, locale } = useI18n();
  return (
    <span className={classes.note} role="status" data-testid="screen-note">
      <strong>{screen.label}</strong>
      {screen.scene_name ? ` · ${t("wall.screen_scene", { name: screen.scene_name })}` : null}
      {screen.pushed_by_name
        ? ` · ${t("wall.screen_pushed", { name: screen.pushed_by_name, time: formatTime(screen.pushed_at, locale) })}`
        : null}
    </span>
  );
}

interface ScreenTilesProps {
  screen: Screen;
  selected: number;
  onSelect: (place: number) => void;
  onClose: (place: number) => void;
}

function ScreenTiles({ screen, selected, onSelect, onClose }: ScreenTilesProps) {
  const { t } = useI18n();
  const me = useMe();
  const { byId } = useCameras();
  const camera = (id: string): Camera | undefined => byId.get(id);
  return placesOf(screen).map((place, index) => {
    if (place.kind !== "camera") {
      const words = place.kind === "hidden" ? "wall.screen_hidden" : "wall.screen_empty";
      return (
        <button
          // biome-ignore lint/suspicious/noArrayIndexKey: an empty place is nothing but its place
          key={index}
          type="button"
          className={classes.place}
          aria-pressed={index === selected}
          data-testid={`place-${index + 1}`}
          onClick={() => onSelect(index)}
        >
          {t(words)}
        </button>
      );
    }
    return (
      <LiveTile
        // biome-ignore lint/suspicious/noArrayIndexKey: a tile is its place and its camera, another camera is another session
        key={`${index}:${place.cameraId}`}
        number={index + 1}
        cameraId={place.cameraId}
        camera={camera(place.cameraId)}
        quality={qualityFor(screen.layout as Layout)}
        viewer={me.name}
        selected={index === selected}
        onSelect={() => onSelect(index)}
        onMaximise={() => onSelect(index)}
        onClose={() => onClose(index)}
        onDeclare={undefined}
      />
    );
  });
}
