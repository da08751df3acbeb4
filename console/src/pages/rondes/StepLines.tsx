import { ActionIcon, Group, Text, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import type { RondeStep } from "@/api/rondes";
import { cameraName } from "@/cameras/naming";
import { useCameras } from "@/cameras/useCameras";
import { useI18n } from "@/i18n/I18n";
import { clampedDwell, DWELL, moved } from "./draft";
import classes from "./RondesPage.module.css";

interface StepLinesProps {
  steps: RondeStep[];
  onChange: (steps: RondeStep[]) => void;
}

/** The steps in order, each with its position and how long it is looked at. */
export function StepLines({ steps, onChange }: StepLinesProps) {
  const { t } = useI18n();
  const { byId } = useCameras();
  const change = (index: number, said: Partial<RondeStep>) =>
    onChange(steps.map((step, at) => (at === index ? { ...step, ...said } : step)));
  return (
    <ol className={classes.steps} aria-label={t("rondes.steps")}>
      {steps.map((step, index) => {
        const camera = byId.get(step.camera_id);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a camera may come twice, a step is its place
          <li key={`${index}:${step.camera_id}`}>
            <Text size="sm" className={classes.stepName ?? ""}>
              {index + 1}. {cameraName(camera, step.camera_id)}
            </Text>
            <Group gap={4} wrap="nowrap">
              <TextInput
                size="xs"
                w="6.5rem"
                aria-label={`${t("rondes.preset")} ${index + 1}`}
                placeholder={t("rondes.preset")}
                disabled={camera ? !camera.has_ptz : false}
                value={step.preset ?? ""}
                onChange={(event) => change(index, { preset: event.currentTarget.value || null })}
              />
              <TextInput
                size="xs"
                w="4.5rem"
                type="number"
                min={DWELL.least}
                max={DWELL.most}
                aria-label={`${t("rondes.dwell")} ${index + 1}`}
                value={String(step.dwell_seconds)}
                onChange={(event) => change(index, { dwell_seconds: Number(event.currentTarget.value) })}
                onBlur={() => change(index, { dwell_seconds: clampedDwell(step.dwell_seconds) })}
              />
              <ActionIcon
                size="sm"
                variant="subtle"
                disabled={index === 0}
                aria-label={t("rondes.up", { n: index + 1 })}
                onClick={() => onChange(moved(steps, index, -1))}
              >
                <IconArrowUp aria-hidden size={15} />
              </ActionIcon>
              <ActionIcon
                size="sm"
                variant="subtle"
                disabled={index === steps.length - 1}
                aria-label={t("rondes.down", { n: index + 1 })}
                onClick={() => onChange(moved(steps, index, 1))}
              >
                <IconArrowDown aria-hidden size={15} />
              </ActionIcon>
              <ActionIcon
                size="sm"
                variant="subtle"
                aria-label={t("rondes.remove", { n: index + 1 })}
                onClick={() => onChange(steps.toSpliced(index, 1))}
              >
                <IconX aria-hidden size={15} />
              </ActionIcon>
            </Group>
          </li>
        );
      })}
    </ol>
  );
}
