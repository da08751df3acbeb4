import { Button, Checkbox, SegmentedControl, Text, Tooltip } from "@mantine/core";
import { IconEye, IconPlayerStop } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import type { Camera } from "@/api/registry";
import { can, useMe } from "@/app/session";
import { CameraList } from "@/cameras/CameraList";
import { useCameraPush, useCameras } from "@/cameras/useCameras";
import { PageTitle } from "@/design/PageTitle";
import { Panel } from "@/design/Panel";
import { PushBadge } from "@/design/PushBadge";
import { useI18n } from "@/i18n/I18n";
import { PtzPad } from "@/live/PtzPad";
import { useDeclareSubject } from "@/pages/incidents/declare";
import { CAROUSEL_SECONDS, type Carousel } from "./carousel";
import classes from "./LivePage.module.css";
import { NumberCallBadge } from "./NumberCallBadge";
import { ScenesMenu } from "./ScenesMenu";
import { ScreensMenu } from "./ScreensMenu";
import { ScreenView } from "./ScreenView";
import { Turns } from "./Turns";
import { useNumberCall } from "./useNumberCall";
import { useWatching } from "./useWatching";
import { WallTiles } from "./WallTiles";
import { WatchingDrawer } from "./WatchingDrawer";
import {
  LAYOUTS,
  type Layout,
  nextTile,
  pointedAt,
  readWall,
  type Wall,
  withCamera,
  withHotspot,
  withLayout,
  writeWall,
} from "./wall";

/** The operator's own wall, or with `?ecran=…` one screen of the room's wall. */
export function LivePage() {
  const [search, setSearch] = useSearchParams();
  const screenId = search.get("ecran");
  return screenId ? <ScreenView screenId={screenId} onLeave={() => setSearch({})} /> : <OwnWall />;
}

/** 1, 4, 9 or 16 live pictures beside the camera list. The address holds layout and cameras. */
function OwnWall() {
  const { t } = useI18n();
  const me = useMe();
  const push = useCameraPush();
  const { cameras = [], byId } = useCameras();
  const { viewers } = useWatching();
  const [search, setSearch] = useSearchParams();
  const [selected, setSelected] = useState(0);
  // A tile that a person pointed at takes the next camera; else the next camera goes to an empty tile.
  const [pointed, setPointed] = useState(true);
  const [carousel, setCarousel] = useState<Carousel | null>(null);
  const [watching, setWatching] = useState(false);
  const wall = readWall(search);
  const current = Math.min(selected, wall.layout - 1);
  const subject = wall.cameras[current] || null;
  useDeclareSubject(subject);

  const show = (next: Wall) => setSearch(writeWall(next), { replace: true });
  const choose = (camera: Camera) => {
    const already = wall.cameras.indexOf(camera.camera_id);
    const tile = already >= 0 ? already : pointed ? current : nextTile(wall, current);
    if (already < 0) show(withCamera(wall, tile, camera.camera_id));
    setSelected(tile);
    setPointed(false);
  };
  const changeLayout = (layout: Layout, tile: number) => {
    setCarousel(null);
    show(withLayout(wall, layout, tile));
    if (layout < wall.layout) setSelected(0);
    setPointed(false);
  };
  const point = (tile: number) => {
    setSelected(tile);
    setPointed(true);
    const next = pointedAt(wall, tile);
    if (next !== wall) show(next);
  };
  const load = (next: Wall) => {
    setCarousel(null);
    setSelected(0);
    show(next);
  };
  const call = useNumberCall(cameras, choose);
  const turn = (tile: number, cameraId: string) => {
    if (tile < wall.layout) show(withCamera(wall, tile, cameraId));
  };

  return (
    <div className={classes.page}>
      <PageTitle title={t("live.title")} />
      <div className={classes.side}>
        <CameraList className={classes.list ?? ""} selected={wall.cameras} onChoose={choose} />
        <Panel title={t("ptz.title")} className={classes.ptz}>
          <Steering camera={subject ? byId.get(subject) : undefined} />
        </Panel>
      </div>
      <div className={classes.stage}>
        <div className={classes.bar}>
          <div className={classes.controls}>
            <LayoutChoice layout={wall.layout} onChange={(layout) => changeLayout(layout, current)} />
            {wall.layout > 1 ? (
              <Tooltip label={t("wall.hotspot_hint")}>
                <Checkbox
                  size="xs"
                  label={t("wall.hotspot")}
                  checked={wall.hotspot ?? false}
                  onChange={(event) => show(withHotspot(wall, event.currentTarget.checked))}
                  data-testid="hotspot"
                />
              </Tooltip>
            ) : null}
          </div>
          <div className={classes.controls}>
            {carousel ? (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconPlayerStop aria-hidden size={15} />}
                title={t("wall.carousel_on", { n: carousel.tile + 1 })}
                onClick={() => setCarousel(null)}
                data-testid="carousel-stop"
              >
                {t("wall.carousel_stop")}
              </Button>
            ) : null}
            {can(me, "command_wall") ? (
              <>
                <ScenesMenu
                  wall={wall}
                  tile={current}
                  onLoad={load}
                  onCarousel={(turns) =>
                    setCarousel({
                      tile: current,
                      cameras: turns,
                      seconds: CAROUSEL_SECONDS.usual,
                      startedAt: Date.now(),
                    })
                  }
                />
                <ScreensMenu wall={wall} />
              </>
            ) : null}
            {can(me, "supervise") ? (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconEye aria-hidden size={15} />}
                onClick={() => setWatching(true)}
                data-testid="watching-open"
              >
                {t("watching.open")}
              </Button>
            ) : null}
            <PushBadge states={[push]} />
          </div>
        </div>
        <WallTiles
          wall={wall}
          current={current}
          viewers={viewers}
          onPoint={point}
          onMaximise={(tile) => changeLayout(wall.layout === 1 ? 4 : 1, tile)}
          onClose={(tile) => {
            show(withCamera(wall, tile, ""));
            setSelected(tile);
            setPointed(true);
          }}
        />
      </div>
      {carousel ? <Turns key={carousel.startedAt} carousel={carousel} onTurn={turn} /> : null}
      <NumberCallBadge call={call} />
      <WatchingDrawer opened={watching} onClose={() => setWatching(false)} />
    </div>
  );
}

function LayoutChoice({ layout, onChange }: { layout: Layout; onChange: (layout: Layout) => void }) {
  const { t } = useI18n();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("live.layout")}
      value={String(layout)}
      onChange={(value) => onChange(LAYOUTS.find((each) => String(each) === value) ?? 1)}
      data={LAYOUTS.map((each) => ({
        value: String(each),
        label: <span data-testid={`layout-${each}`}>{t(`live.layout_${each}`)}</span>,
      }))}
      data-testid="layout"
    />
  );
}

function Steering({ camera }: { camera: Camera | undefined }) {
  const { t } = useI18n();
  const me = useMe();
  if (camera?.has_ptz && can(me, "ptz")) return <PtzPad key={camera.camera_id} camera={camera} />;
  return (
    <Text size="sm" c="dimmed">
      {camera ? t("ptz.fixed") : t("ptz.none")}
    </Text>
  );
}
