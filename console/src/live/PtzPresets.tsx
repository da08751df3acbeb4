import { Button, Group, Text } from "@mantine/core";
import { IconHome, IconRoute, IconRouteOff } from "@tabler/icons-react";
import { endTour, goHome, goToPreset, type PtzState, startTour } from "@/api/ptz";
import { useI18n } from "@/i18n/I18n";
import classes from "./PtzPad.module.css";
import { usePtzPresets } from "./usePtzState";

interface PtzPresetsProps {
  cameraId: string;
  tour: PtzState["tour"];
  onChanged: () => void;
  onError: (error: unknown) => void;
}

/** Stored views first: one press and the camera looks there. Then the rondes that the gateway can walk. */
export function PtzPresets({ cameraId, tour, onChanged, onError }: PtzPresetsProps) {
  const { t } = useI18n();
  const { data, error } = usePtzPresets(cameraId);
  const ask = (asked: Promise<unknown>) => {
    onError(null);
    void asked.catch(onError).finally(onChanged);
  };
  return (
    <div className={classes.presets} data-testid="ptz-presets">
      <Group gap={4}>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconHome aria-hidden size={14} />}
          onClick={() => ask(goHome(cameraId))}
          data-testid="ptz-home"
        >
          {t("ptz.home")}
        </Button>
        {data?.items.map((preset) => (
          <Button
            key={`${preset.number}:${preset.token}`}
            size="compact-xs"
            variant="light"
            disabled={!preset.reachable}
            title={preset.reachable ? undefined : t("ptz.preset_gone")}
            onClick={() => ask(goToPreset(cameraId, preset))}
            data-testid="ptz-preset"
          >
            {preset.number === null ? preset.name : `${preset.number} · ${preset.name}`}
          </Button>
        ))}
      </Group>
      {data && !data.camera_answered ? (
        <Text size="xs" c="dimmed">
          {t("ptz.presets_untold")}
        </Text>
      ) : null}
      {error ? (
        <Text size="xs" c="dimmed">
          {t("ptz.presets_failed")}
        </Text>
      ) : null}
      <Group gap={4}>
        {tour ? (
          <Button
            size="compact-xs"
            color="yellow"
            variant="light"
            leftSection={<IconRouteOff aria-hidden size={14} />}
            onClick={() => ask(endTour(cameraId))}
            data-testid="ptz-tour-end"
          >
            {t("ptz.tour_end", { name: tour.name })}
          </Button>
        ) : (
          data?.tours.map((each) => (
            <Button
              key={each.tour_id}
              size="compact-xs"
              variant="default"
              leftSection={<IconRoute aria-hidden size={14} />}
              disabled={!each.runnable}
              onClick={() => ask(startTour(cameraId, each.tour_id))}
              data-testid="ptz-tour-start"
            >
              {t("ptz.tour_start", { name: each.name })}
            </Button>
          ))
        )}
      </Group>
    </div>
  );
}
