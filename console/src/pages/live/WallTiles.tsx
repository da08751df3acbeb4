import { can, useMe } from "@/app/session";
import { useCameras } from "@/cameras/useCameras";
import { useI18n } from "@/i18n/I18n";
import { EmptyTile } from "@/live/EmptyTile";
import { LiveTile } from "@/live/LiveTile";
import { useDeclare } from "@/pages/incidents/declare";
import classes from "./LivePage.module.css";
import { qualityFor, type Wall } from "./wall";

interface WallTilesProps {
  wall: Wall;
  current: number;
  /** How many sessions show each camera, for those who may know. */
  viewers: Map<string, number>;
  onPoint: (tile: number) => void;
  onMaximise: (tile: number) => void;
  onClose: (tile: number) => void;
}

/** The pictures of the operator's own wall. */
export function WallTiles({ wall, current, viewers, onPoint, onMaximise, onClose }: WallTilesProps) {
  const { t } = useI18n();
  const me = useMe();
  const declare = useDeclare();
  const { byId } = useCameras();
  return (
    <div className={classes.grid} data-layout={wall.layout} data-hotspot={wall.hotspot ?? false}>
      {wall.cameras.map((cameraId, index) =>
        cameraId ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a tile is its place and its camera, another camera is another session
          <div key={`${index}:${cameraId}`} className={classes.slot}>
            <LiveTile
              number={index + 1}
              cameraId={cameraId}
              camera={byId.get(cameraId)}
              quality={qualityFor(wall.layout, index, wall.hotspot)}
              viewer={me.name}
              selected={index === current}
              onSelect={() => onPoint(index)}
              onMaximise={() => onMaximise(index)}
              onClose={() => onClose(index)}
              onDeclare={
                can(me, "manage_incident") ? () => declare.open({ cameraIds: [cameraId] }) : undefined
              }
            />
            {viewers.has(cameraId) ? (
              <span className={classes.seen} data-testid={`seen-${index + 1}`}>
                {t("watching.seen_by", { count: viewers.get(cameraId) ?? 0 })}
              </span>
            ) : null}
          </div>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: an empty tile is nothing but its place
          <div key={index} className={classes.slot}>
            <EmptyTile number={index + 1} selected={index === current} onSelect={() => onPoint(index)} />
          </div>
        ),
      )}
    </div>
  );
}
