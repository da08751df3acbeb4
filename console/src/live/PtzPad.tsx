import { Text } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowLeft,
  IconArrowRight,
  IconArrowUp,
  IconZoomIn,
  IconZoomOut,
} from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import type { Camera } from "@/api/registry";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { PtzHolder } from "./PtzHolder";
import classes from "./PtzPad.module.css";
import { PtzPresets } from "./PtzPresets";
import { type Direction, directionOfKey } from "./ptz";
import { useJoystick } from "./useJoystick";
import { usePtz } from "./usePtz";
import { usePtzState } from "./usePtzState";

const PAD: { direction: Direction; icon: typeof IconArrowUp }[] = [
  { direction: "up", icon: IconArrowUp },
  { direction: "left", icon: IconArrowLeft },
  { direction: "right", icon: IconArrowRight },
  { direction: "down", icon: IconArrowDown },
  { direction: "zoom_out", icon: IconZoomOut },
  { direction: "zoom_in", icon: IconZoomIn },
];

/** Steering of one camera: presets first; hold a button, arrows and +/− while the pad has the focus, or a joystick. */
export function PtzPad({ camera }: { camera: Camera }) {
  const { t } = useI18n();
  const { state, toldAt, lostTo, refresh } = usePtzState(camera.camera_id);
  const { moving, error, setError, begin, end, steer, letGo } = usePtz(camera.camera_id, refresh);
  const joystick = useJoystick(steer, letGo);
  const problem = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error) problem.current?.scrollIntoView({ block: "nearest" });
  }, [error]);
  return (
    <div>
      {state ? (
        <PtzHolder state={state} toldAt={toldAt} lostTo={lostTo} onChanged={refresh} onError={setError} />
      ) : null}
      <PtzPresets
        cameraId={camera.camera_id}
        tour={state?.tour ?? null}
        onChanged={refresh}
        onError={setError}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form */}
      <div
        role="group"
        aria-label={t("ptz.of", { label: camera.label })}
        className={classes.pad}
        data-testid="ptz-pad"
        onKeyDown={(event) => {
          const direction =
            directionOfKey(event.key) ?? (isPress(event.key) ? directionOf(event.target) : null);
          if (!direction) return;
          event.preventDefault();
          // A key held down repeats: after a refusal that would ask again and again.
          if (!event.repeat) begin(direction);
        }}
        onKeyUp={end}
        onBlur={end}
      >
        {PAD.map(({ direction, icon: Icon }) => (
          <button
            key={direction}
            type="button"
            className={classes.key}
            data-direction={direction}
            data-testid={`ptz-${direction}`}
            aria-label={t(`ptz.${direction}`)}
            aria-pressed={moving === direction}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              begin(direction);
            }}
            onPointerUp={end}
            onPointerCancel={end}
            onLostPointerCapture={end}
            onContextMenu={(event) => event.preventDefault()}
          >
            <Icon aria-hidden size={18} />
          </button>
        ))}
      </div>
      <div ref={problem} className={classes.below}>
        {error ? (
          <ProblemAlert error={error} compact />
        ) : (
          <Text size="xs" c="dimmed">
            {t(joystick ? "ptz.joystick" : "ptz.hint")}
          </Text>
        )}
      </div>
    </div>
  );
}

const isPress = (key: string): boolean => key === " " || key === "Enter";

function directionOf(target: EventTarget): Direction | null {
  const direction = target instanceof HTMLElement ? target.dataset.direction : undefined;
  return PAD.find((each) => each.direction === direction)?.direction ?? null;
}
