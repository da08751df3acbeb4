import { Anchor, Button, Group, NativeSelect, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconDeviceTv } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { defineScreen, type PushOutcome, pushScene, pushTiles, type Screen } from "@/api/scenes";
import { can, useMe } from "@/app/session";
import { useCommunes } from "@/cameras/useCameras";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useOneAtATime } from "@/design/useOneAtATime";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./LivePage.module.css";
import { useScenes } from "./ScenesMenu";
import { tilesOf } from "./screenTiles";
import { useScreens } from "./useScreens";
import type { Wall } from "./wall";

/** The screens of the wall: what each shows, by whose hand; send it this layout or a scene. */
export function ScreensMenu({ wall }: { wall: Wall }) {
  const { t } = useI18n();
  const me = useMe();
  const [opened, setOpened] = useState(false);
  const { data, error, learned, refresh } = useScreens(opened);
  const [missed, setMissed] = useState<PushOutcome["presets"]>([]);
  const pushing = useMutation({
    mutationFn: (push: () => Promise<PushOutcome>) => push(),
    onSuccess: ({ screen, presets }) => {
      learned(screen);
      setMissed(presets.filter(({ outcome }) => outcome !== "atteinte"));
    },
  });
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus withinPortal shadow="md">
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDeviceTv aria-hidden size={15} />}
          onClick={() => setOpened(!opened)}
          aria-expanded={opened}
          data-testid="screens"
        >
          {t("wall.screens")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.menu ?? ""} role="dialog" aria-label={t("wall.screens")}>
        {error ? <ProblemAlert error={error} compact /> : null}
        {pushing.error ? <ProblemAlert error={pushing.error} compact /> : null}
        {missed.map(({ camera_id, reason }) => (
          <Text key={camera_id} size="xs" role="status">
            {t("wall.preset_kept", { camera: camera_id, reason })}
          </Text>
        ))}
        {data?.length === 0 ? <Text size="sm">{t("wall.screens_none")}</Text> : null}
        <ul className={classes.lines}>
          {data?.map((screen) => (
            <li key={screen.screen_id} data-testid={`screen-line-${screen.screen_id}`}>
              <ScreenWords screen={screen} />
              <ScreenPush
                busy={pushing.isPending}
                onLayout={() => pushing.mutate(() => pushTiles(screen.screen_id, wall.layout, tilesOf(wall)))}
                onScene={(sceneId) => pushing.mutate(() => pushScene(screen.screen_id, sceneId))}
              />
            </li>
          ))}
        </ul>
        {can(me, "manage_rondes") ? <DefineForm onDefined={refresh} /> : null}
      </Popover.Dropdown>
    </Popover>
  );
}

function ScreenWords({ screen }: { screen: Screen }) {
  const { t, locale } = useI18n();
  return (
    <span>
      <strong>{screen.label}</strong> <small>{screen.wall}</small>
      <br />
      <small>
        {screen.pushed_by_name
          ? t("wall.screen_pushed", {
              name: screen.pushed_by_name,
              time: formatTime(screen.pushed_at, locale),
            })
          : null}
        {screen.scene_name ? ` · ${t("wall.screen_scene", { name: screen.scene_name })}` : null}
      </small>
      <br />
      <small>
        {screen.seat ? t("wall.screen_seat", { name: screen.seat.agent_name }) : t("wall.screen_free")} ·{" "}
        <Anchor size="xs" href={`/direct?ecran=${screen.screen_id}`} target="_blank">
          {t("wall.screen_open")}
        </Anchor>
      </small>
    </span>
  );
}

interface ScreenPushProps {
  busy: boolean;
  onLayout: () => void;
  onScene: (sceneId: string) => void;
}

function ScreenPush({ busy, onLayout, onScene }: ScreenPushProps) {
  const { t } = useI18n();
  const { data: scenes = [] } = useScenes();
  return (
    <Stack gap={4}>
      <Button size="compact-xs" disabled={busy} onClick={onLayout}>
        {t("wall.screen_push")}
      </Button>
      {scenes.length > 0 ? (
        <NativeSelect
          size="xs"
          aria-label={t("wall.screen_push_scene")}
          value=""
          disabled={busy}
          onChange={(event) => event.currentTarget.value && onScene(event.currentTarget.value)}
          data={[
            { value: "", label: t("wall.screen_push_scene") },
            ...scenes.map(({ scene_id, name }) => ({ value: scene_id, label: name })),
          ]}
        />
      ) : null}
    </Stack>
  );
}

const FIELDS = [
  ["id", "9rem"],
  ["label", "8rem"],
  ["wall", "6rem"],
] as const;

function DefineForm({ onDefined }: { onDefined: () => void }) {
  const { t } = useI18n();
  const communes = useCommunes();
  const [typed, setTyped] = useState({ id: "", label: "", wall: "" });
  const { id, label, wall } = typed;
  const set = (change: Partial<typeof typed>) => setTyped((known) => ({ ...known, ...change }));
  const defining = useMutation({
    mutationFn: () =>
      defineScreen(id, { label, wall, communes: (communes.data ?? []).map(({ insee }) => insee) }),
    onSuccess: () => {
      set({ id: "", label: "" });
      onDefined();
    },
  });
  const define = useOneAtATime(defining);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    define();
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="end" mt="sm">
        {FIELDS.map(([field, width]) => (
          <TextInput
            key={field}
            size="xs"
            w={width}
            label={t(`wall.screen_${field}`)}
            value={typed[field]}
            onChange={(event) => set({ [field]: event.currentTarget.value })}
          />
        ))}
        <Button
          type="submit"
          size="compact-sm"
          disabled={!id || !label || !wall || !communes.data}
          loading={defining.isPending}
        >
          {t("wall.screen_define")}
        </Button>
      </Group>
      {defining.error ? <ProblemAlert error={defining.error} compact /> : null}
    </form>
  );
}
