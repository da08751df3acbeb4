import { Button, Text } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import type { CameraChange, CameraSheet } from "@/api/fleet";
import { asProblem } from "@/api/problem";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { useCameraChanged } from "./queries";

const CONFLICT = 409;

interface SaveBarProps {
  cameraId: string;
  save: UseMutationResult<CameraSheet, Error, CameraChange>;
  /** What would be sent; undefined when nothing changed. */
  change: CameraChange | undefined;
  /** False while a typed number is no number. */
  valid?: boolean;
}

/** The button that saves a tab, and what became of the last attempt. */
export function SaveBar({ cameraId, save, change, valid = true }: SaveBarProps) {
  const { t } = useI18n();
  const told = useCameraChanged();
  const reload = () => {
    save.reset();
    void told(cameraId);
  };
  const stale = save.error !== null && asProblem(save.error).status === CONFLICT;
  return (
    <>
      {valid ? null : (
        <Text size="sm" c="red" role="alert">
          {t("fleet.unreadable_number")}
        </Text>
      )}
      {save.error ? <ProblemAlert error={save.error} /> : null}
      <div className={classes.line}>
        <Button
          type="submit"
          loading={save.isPending}
          disabled={change === undefined || !valid}
          data-testid="fleet-save"
        >
          {t("fleet.save")}
        </Button>
        {stale ? (
          <Button variant="default" onClick={reload} data-testid="fleet-reload">
            {t("fleet.reload")}
          </Button>
        ) : null}
      </div>
    </>
  );
}
