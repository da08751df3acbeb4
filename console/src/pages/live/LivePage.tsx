import { SegmentedControl, Text } from "@mantine/core";
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
import { EmptyTile } from "@/live/EmptyTile";
import { LiveTile } from "@/live/LiveTile";
import { PtzPad } from "@/live/PtzPad";
import { useDeclare, useDeclareSubject } from "@/pages/incidents/declare";
import classes from "./LivePage.module.css";
import {
  LAYOUTS,
  type Layout,
  nextTile,
  qualityFor,
  readWall,
  type Wall,
  withCamera,
  withLayout,
  writeWall,
} from "./wall";

/** 1, 4 or 9 live pictures beside the camera list. The address holds layout and cameras. */
export function LivePage() {
  const { t } = useI18n();
  const me = useMe();
  const declare = useDeclare();
  const push = useCameraPush();
  const { byId } = useCameras();
  const [search, setSearch] = useSearchParams();
  const [selected, setSelected] = useState(0);
  // A tile that a person pointed at takes the next camera; else the next camera goes to an empty tile.
  const [pointed, setPointed] = useState(true);
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
    show(withLayout(wall, layout, tile));
    if (layout < wall.layout) setSelected(0);
    setPointed(false);
  };
  const point = (tile: number) => {
    setSelected(tile);
    setPointed(true);
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
          <SegmentedControl
            size="xs"
            aria-label={t("live.layout")}
            value={String(wall.layout)}
            onChange={(value) => changeLayout(LAYOUTS.find((each) => String(each) === value) ?? 1, current)}
            data={LAYOUTS.map((each) => ({
              value: String(each),
              label: <span data-testid={`layout-${each}`}>{t(`live.layout_${each}`)}</span>,
            }))}
            data-testid="layout"
          />
          <PushBadge states={[push]} />
        </div>
        <div className={classes.grid} data-layout={wall.layout}>
          {wall.cameras.map((cameraId, index) =>
            cameraId ? (
              <LiveTile
                // biome-ignore lint/suspicious/noArrayIndexKey: a tile is its place and its camera, another camera is another session
                key={`${index}:${cameraId}`}
                number={index + 1}
                cameraId={cameraId}
                camera={byId.get(cameraId)}
                quality={qualityFor(wall.layout)}
                viewer={me.name}
                selected={index === current}
                onSelect={() => point(index)}
                onMaximise={() => changeLayout(wall.layout === 1 ? 4 : 1, index)}
                onClose={() => {
                  show(withCamera(wall, index, ""));
                  point(index);
                }}
                onDeclare={
                  can(me, "manage_incident") ? () => declare.open({ cameraIds: [cameraId] }) : undefined
                }
              />
            ) : (
              <EmptyTile
                // biome-ignore lint/suspicious/noArrayIndexKey: an empty tile is nothing but its place
                key={index}
                number={index + 1}
                selected={index === current}
                onSelect={() => point(index)}
              />
            ),
          )}
        </div>
      </div>
    </div>
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
