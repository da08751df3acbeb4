import { ActionIcon, Button, Checkbox, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconLayoutGrid, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { deleteScene, fetchScenes, type Scene, saveScene } from "@/api/scenes";
import { can, useMe } from "@/app/session";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useOneAtATime } from "@/design/useOneAtATime";
import { useI18n } from "@/i18n/I18n";
import classes from "./LivePage.module.css";
import { tilesOf, wallOf } from "./screenTiles";
import type { Wall } from "./wall";

const SCENES = ["scenes"] as const;

export function useScenes(enabled = true) {
  return useQuery({ queryKey: SCENES, queryFn: fetchScenes, enabled });
}

interface ScenesMenuProps {
  wall: Wall;
  /** The tile, from 0, in which a scene's cameras would take turns. */
  tile: number;
  onLoad: (wall: Wall) => void;
  onCarousel: (cameras: string[]) => void;
}

/** Keep what is on screen under a name, bring it back, or let its cameras take turns in one tile. */
export function ScenesMenu({ wall, tile, onLoad, onCarousel }: ScenesMenuProps) {
  const { t } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const [opened, setOpened] = useState(false);
  const { data, error } = useScenes(opened);
  const deleting = useMutation({
    mutationFn: deleteScene,
    onSettled: () => queries.invalidateQueries({ queryKey: SCENES }),
  });
  const use = (act: () => void) => {
    act();
    setOpened(false);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus withinPortal shadow="md">
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconLayoutGrid aria-hidden size={15} />}
          onClick={() => setOpened(!opened)}
          aria-expanded={opened}
          data-testid="scenes"
        >
          {t("wall.scenes")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.menu ?? ""} role="dialog" aria-label={t("wall.scenes")}>
        <SaveForm wall={wall} />
        {error ? <ProblemAlert error={error} compact /> : null}
        {deleting.error ? <ProblemAlert error={deleting.error} compact /> : null}
        {data?.length === 0 ? <Text size="sm">{t("wall.scenes_none")}</Text> : null}
        <ul className={classes.lines}>
          {data?.map((scene) => (
            <li key={scene.scene_id} data-testid={`scene-${scene.name}`}>
              <SceneWords scene={scene} />
              <Group gap={4} wrap="nowrap">
                <Button size="compact-xs" onClick={() => use(() => onLoad(wallOf(scene)))}>
                  {t("wall.scene_load")}
                </Button>
                <Button
                  size="compact-xs"
                  variant="default"
                  onClick={() => use(() => onCarousel(wallOf(scene).cameras.filter(Boolean)))}
                >
                  {t("wall.scene_carousel", { n: tile + 1 })}
                </Button>
                {!scene.shared || can(me, "manage_rondes") ? (
                  <ActionIcon
                    size="sm"
                    variant="subtle"
                    aria-label={t("wall.scene_delete", { name: scene.name })}
                    onClick={() => deleting.mutate(scene.scene_id)}
                  >
                    <IconTrash aria-hidden size={15} />
                  </ActionIcon>
                ) : null}
              </Group>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

function SceneWords({ scene }: { scene: Scene }) {
  const { t } = useI18n();
  const owner = scene.shared ? scene.owner_name : t("wall.scene_personal");
  return (
    <span>
      <strong>{scene.name}</strong>
      <br />
      <small>{t("wall.scene_of", { count: scene.layout, owner })}</small>
    </span>
  );
}

function SaveForm({ wall }: { wall: Wall }) {
  const { t } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const saving = useMutation({
    mutationFn: () => saveScene({ name: name.trim(), layout: wall.layout, tiles: tilesOf(wall), shared }),
    onSuccess: () => {
      setName("");
      return queries.invalidateQueries({ queryKey: SCENES });
    },
  });
  const save = useOneAtATime(saving);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) save();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={6} mb="sm">
        <TextInput
          size="xs"
          label={t("wall.scene_name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="scene-name"
        />
        <Group gap="sm">
          {can(me, "manage_rondes") ? (
            <Checkbox
              size="xs"
              label={t("wall.scene_shared")}
              checked={shared}
              onChange={(event) => setShared(event.currentTarget.checked)}
            />
          ) : null}
          <Button type="submit" size="compact-sm" disabled={!name.trim()} loading={saving.isPending}>
            {t("wall.scene_save")}
          </Button>
        </Group>
        {saving.error ? <ProblemAlert error={saving.error} compact /> : null}
      </Stack>
    </form>
  );
}
