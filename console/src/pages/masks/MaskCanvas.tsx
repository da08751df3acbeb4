import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { PointerEvent } from "react";
import { type Still, stillUrl } from "@/api/masks";
import { useI18n } from "@/i18n/I18n";
import { clicked, closed, cornerAt, type Drawing, labelled, pointsOf, undone, without } from "./drawing";
import classes from "./MasksPage.module.css";

interface MaskCanvasProps {
  still: Still;
  ticketId: string | null;
  drawing: Drawing;
  onChange: (drawing: Drawing) => void;
}

/** Click by click around what is private; a click on the first corner, or the button, closes the area. */
export function MaskCanvas({ still, ticketId, drawing, onChange }: MaskCanvasProps) {
  const { t } = useI18n();
  const { width, height } = still;
  const press = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    onChange(clicked(drawing, cornerAt({ x: event.clientX, y: event.clientY }, box)));
  };
  return (
    <Stack gap="xs">
      <Text size="sm">{t("masks.draw_hint")}</Text>
      <div className={classes.canvas} style={{ maxWidth: `calc(62dvh * ${width / height})` }}>
        <img
          src={stillUrl(still.still_id, ticketId)}
          alt={t("masks.still_alt")}
          width={width}
          height={height}
        />
        <svg
          viewBox={`0 0 ${width} ${height}`}
          preserveAspectRatio="none"
          onPointerDown={press}
          data-testid="masks-canvas"
          aria-hidden="true"
        >
          {drawing.areas.map((area) => (
            <polygon
              key={pointsOf(area.corners, width, height)}
              className={classes.area}
              points={pointsOf(area.corners, width, height)}
            />
          ))}
          <polyline className={classes.open} points={pointsOf(drawing.open, width, height)} />
          {drawing.open.map(([x, y]) => (
            <circle key={`${x},${y}`} cx={x * width} cy={y * height} r={5} className={classes.open} />
          ))}
        </svg>
      </div>
      <Group>
        <Button
          size="xs"
          variant="default"
          onClick={() => onChange(closed(drawing))}
          disabled={drawing.open.length < 3}
        >
          {t("masks.close_area")}
        </Button>
        <Button size="xs" variant="default" onClick={() => onChange(undone(drawing))}>
          {t("masks.undo")}
        </Button>
      </Group>
      {drawing.areas.map((area, index) => (
        <Group key={pointsOf(area.corners, width, height)} gap="xs" align="end">
          <TextInput
            size="xs"
            label={t("masks.area_label", { n: index + 1 })}
            placeholder={t("masks.area_placeholder")}
            value={area.label}
            onChange={(event) => onChange(labelled(drawing, index, event.currentTarget.value))}
          />
          <ActionIcon
            variant="default"
            aria-label={t("masks.remove_area", { n: index + 1 })}
            onClick={() => onChange(without(drawing, index))}
          >
            <IconTrash aria-hidden size={15} />
          </ActionIcon>
        </Group>
      ))}
    </Stack>
  );
}
