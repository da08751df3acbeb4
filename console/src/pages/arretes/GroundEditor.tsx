import { Button, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import type { Position } from "geojson";
import { useMemo, useState } from "react";
import { useI18n } from "@/i18n/I18n";
import type { PartProps } from "./ArreteForm";
import classes from "./ArretesPage.module.css";
import {
  closedPolygon,
  discOf,
  parseGeoJson,
  parsePositions,
  type Surface,
  surfacesOf,
  withPolygon,
} from "./ground";
import { PerimeterMap } from "./PerimeterMap";
import { useContours } from "./queries";
import type { Ground } from "./terms";

const GROUNDS: Ground[] = ["communes", "perimeter", "positions"];

/** The protected ground: the communes themselves, polygons drawn or pasted, or positions listed. */
export function GroundEditor({ draft, set }: PartProps) {
  const { t, word } = useI18n();
  const { data: contours } = useContours();
  const [corners, setCorners] = useState<Position[]>([]);
  const drawing = draft.ground === "perimeter";
  const surfaces = useMemo<Surface[]>(() => {
    if (draft.ground === "perimeter") return surfacesOf(parseGeoJson(draft.geojson));
    if (draft.ground === "positions") return (parsePositions(draft.positions) ?? []).map(discOf);
    return [];
  }, [draft.ground, draft.geojson, draft.positions]);
  const polygon = closedPolygon(corners);
  const close = () => {
    if (!polygon) return;
    set({ geojson: JSON.stringify(withPolygon(surfaces, polygon)) });
    setCorners([]);
  };
  return (
    <Stack gap={6}>
      <Text size="sm" fw={500}>
        {t("arretes.ground")}
      </Text>
      <SegmentedControl
        value={draft.ground}
        onChange={(value) => set({ ground: value as Ground })}
        data={GROUNDS.map((value) => ({ value, label: word("arretes.ground", value) }))}
      />
      {contours ? (
        <div className={classes.mapFrame}>
          <PerimeterMap
            contours={contours}
            surfaces={surfaces}
            corners={corners}
            {...(drawing
              ? { onCorner: (corner: Position) => setCorners((known) => [...known, corner]) }
              : {})}
          />
        </div>
      ) : null}
      {drawing ? (
        <>
          <Group gap="xs">
            <Text size="xs" c="dimmed">
              {t("arretes.draw_hint")}
            </Text>
            <Button size="xs" variant="default" disabled={!polygon} onClick={close}>
              {t("arretes.draw_close")}
            </Button>
            <Button
              size="xs"
              variant="default"
              disabled={corners.length === 0}
              onClick={() => setCorners(corners.slice(0, -1))}
            >
              {t("arretes.draw_back")}
            </Button>
            <Button
              size="xs"
              variant="subtle"
              color="gray"
              onClick={() => {
                setCorners([]);
                set({ geojson: "" });
              }}
            >
              {t("arretes.draw_clear")}
            </Button>
          </Group>
          <Textarea
            label={t("arretes.geojson")}
            description={t("arretes.geojson_hint")}
            autosize
            minRows={2}
            maxRows={6}
            value={draft.geojson}
            onChange={(event) => set({ geojson: event.currentTarget.value })}
          />
        </>
      ) : null}
      {draft.ground === "positions" ? (
        <Textarea
          label={t("arretes.ground.positions")}
          description={t("arretes.positions_hint")}
          autosize
          minRows={3}
          maxRows={10}
          value={draft.positions}
          onChange={(event) => set({ positions: event.currentTarget.value })}
        />
      ) : null}
    </Stack>
  );
}
