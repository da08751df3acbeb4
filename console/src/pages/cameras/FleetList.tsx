import { Badge } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Camera } from "@/api/registry";
import { cameraState, TONE_OF_STATE } from "@/cameras/state";
import { Empty } from "@/design/Panel";
import { StateDot } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { problemsOf } from "./fleetFilter";

const ROW_HEIGHT = 52;

interface FleetListProps {
  cameras: readonly Camera[];
  chosenId: string | null;
  now: Date;
  onChoose: (cameraId: string) => void;
}

/** The cameras that answer the filter; only the rows in sight are drawn. */
export function FleetList({ cameras, chosenId, now, onChoose }: FleetListProps) {
  const { t, word } = useI18n();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: cameras.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
  });
  return (
    <div ref={scroller} className={classes.scroller}>
      {cameras.length === 0 ? <Empty title={t("fleet.none")} /> : null}
      <ul className={classes.rows} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const camera = cameras[row.index];
          if (!camera) return null;
          const state = cameraState(camera);
          return (
            <li
              key={camera.camera_id}
              className={classes.item}
              style={{ height: row.size, transform: `translateY(${row.start}px)` }}
              aria-setsize={cameras.length}
              aria-posinset={row.index + 1}
            >
              <button
                type="button"
                className={classes.row}
                aria-pressed={camera.camera_id === chosenId}
                onClick={() => onChoose(camera.camera_id)}
                data-testid={`fleet-row-${camera.camera_id}`}
              >
                <StateDot tone={TONE_OF_STATE[state]} label={word("camera.state", state)} />
                <span className={classes.words}>
                  <span className={classes.label}>{camera.label}</span>
                  <span className={classes.minor}>
                    {camera.code} · {camera.commune} · {word("camera.kind", camera.kind)}
                  </span>
                </span>
                <span className={classes.badges}>
                  {problemsOf(camera, now)
                    .slice(0, 2)
                    .map((problem) => (
                      <Badge key={problem} size="xs" color="red" variant="light">
                        {t(`fleet.problem.${problem}`)}
                      </Badge>
                    ))}
                  <Badge size="xs" color="gray" variant="light">
                    {word("fleet.status", camera.status)}
                  </Badge>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
