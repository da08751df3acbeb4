import { Button, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { endViewing, type WatchingViewer } from "@/api/watching";
import { can, useMe } from "@/app/session";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { PushBadge } from "@/design/PushBadge";
import { useOneAtATime } from "@/design/useOneAtATime";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./LivePage.module.css";
import { useWatching, WATCHING } from "./useWatching";

/** The server wants as many. */
const SHORTEST_MOTIVE = 10;

/** Who watches which camera at this moment; the shift leader may end a viewing, with a motive. */
export function WatchingDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useI18n();
  const me = useMe();
  const { query, line } = useWatching();
  const { data, error, refetch } = query;
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="lg"
      title={t("watching.title")}
      closeButtonProps={{ "aria-label": t("wall.close") }}
    >
      <Stack gap="sm" data-testid="watching">
        <Group justify="space-between">
          <Text size="sm" role="status">
            {data ? t("watching.count", { sessions: data.sessions, agents: data.agents }) : t("app.loading")}
          </Text>
          <PushBadge states={[line]} />
        </Group>
        {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
        {data?.cameras.length === 0 ? <Empty title={t("watching.none")} /> : null}
        {data?.cameras.map((camera) => (
          <section key={camera.camera_id} className={classes.watched} aria-label={camera.label}>
            <h3>
              {camera.label} <small>{camera.camera_id}</small>
            </h3>
            <ul>
              {camera.viewers.map((viewer) => (
                <Viewer key={viewer.session_id} viewer={viewer} endable={can(me, "end_viewing")} />
              ))}
            </ul>
          </section>
        ))}
      </Stack>
    </Drawer>
  );
}

function Viewer({ viewer, endable }: { viewer: WatchingViewer; endable: boolean }) {
  const { t, word, locale } = useI18n();
  const [asking, setAsking] = useState(false);
  const details = [
    word("role", viewer.role),
    viewer.organisation,
    t("watching.since", { time: formatTime(viewer.since, locale) }),
    word("watching.quality", viewer.quality),
    viewer.transport ? word("watching.transport", viewer.transport) : "",
    viewer.incident_id ? t("watching.incident", { id: viewer.incident_id }) : "",
    viewer.ticket_id ? t("watching.ticket", { id: viewer.ticket_id }) : "",
    viewer.station ? t("watching.station", { station: viewer.station }) : "",
  ].filter(Boolean);
  return (
    <li data-testid={`viewer-${viewer.agent_id}`}>
      <Group justify="space-between" wrap="nowrap" align="start">
        <span>
          <strong>{viewer.agent_name}</strong>
          <br />
          <small>{details.join(" · ")}</small>
        </span>
        {endable && !asking ? (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t("watching.end_of", { name: viewer.agent_name })}
            onClick={() => setAsking(true)}
          >
            {t("watching.end")}
          </Button>
        ) : null}
      </Group>
      {asking ? <EndForm sessionId={viewer.session_id} onClose={() => setAsking(false)} /> : null}
    </li>
  );
}

function EndForm({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const [motive, setMotive] = useState("");
  const ending = useMutation({
    mutationFn: () => endViewing(sessionId, motive.trim()),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: WATCHING }),
  });
  const end = useOneAtATime(ending);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    end();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={6} mt={6}>
        <TextInput
          ref={field}
          label={t("watching.motive")}
          description={t("watching.motive_hint")}
          value={motive}
          onChange={(event) => setMotive(event.currentTarget.value)}
        />
        <Group gap="xs">
          <Button
            type="submit"
            size="compact-sm"
            color="red"
            disabled={motive.trim().length < SHORTEST_MOTIVE}
            loading={ending.isPending}
          >
            {t("watching.confirm")}
          </Button>
          <Button size="compact-sm" variant="default" onClick={onClose}>
            {t("watching.cancel")}
          </Button>
        </Group>
        {ending.error ? <ProblemAlert error={ending.error} compact /> : null}
      </Stack>
    </form>
  );
}
