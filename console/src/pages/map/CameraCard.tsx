import { Button, CloseButton, Text } from "@mantine/core";
import { IconAlertTriangle, IconBroadcast } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Camera } from "@/api/registry";
import { can, useMe } from "@/app/session";
import { cameraState, TONE_OF_STATE } from "@/cameras/state";
import { StateDot } from "@/design/StateDot";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useDeclare } from "@/pages/incidents/declare";
import { livePath } from "@/pages/live/wall";
import classes from "./MapPage.module.css";

interface CameraCardProps {
  camera: Camera;
  /** Others on the same mast. */
  neighbours: readonly Camera[];
  onChoose: (cameraId: string) => void;
  onClose: () => void;
}

/** What a click on a camera shows, and the two things to do with it. */
export function CameraCard({ camera, neighbours, onChoose, onClose }: CameraCardProps) {
  const { t, word, locale } = useI18n();
  const me = useMe();
  const declare = useDeclare();
  const state = cameraState(camera);
  const { authorisation } = camera;
  return (
    <section className={classes.card} aria-label={camera.label} data-testid="camera-card">
      <header>
        <strong>{camera.label}</strong>
        <CloseButton size="sm" aria-label={t("camera.close")} onClick={onClose} />
      </header>
      <Text size="xs" c="dimmed">
        {camera.code} · {camera.commune} · {word("camera.kind", camera.kind)}
      </Text>
      <div className={classes.state}>
        <StateDot tone={TONE_OF_STATE[state]} /> {word("camera.state", state)}
      </div>
      <Text size="xs" c={authorisation ? "dimmed" : "red.3"}>
        {authorisation
          ? t("camera.authorisation", {
              number: authorisation.arrete_number,
              date: formatDate(authorisation.valid_until, locale),
            })
          : t("camera.no_authorisation")}
      </Text>
      <div className={classes.cardActions}>
        {can(me, "live") ? (
          <Button
            component={Link}
            to={livePath([camera.camera_id])}
            size="compact-sm"
            leftSection={<IconBroadcast aria-hidden size={15} />}
            data-testid="open-live"
          >
            {t("camera.open")}
          </Button>
        ) : null}
        {can(me, "manage_incident") ? (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconAlertTriangle aria-hidden size={15} color="#f2b13c" />}
            onClick={() => declare.open({ cameraIds: [camera.camera_id] })}
            data-testid="card-declare"
          >
            {t("camera.declare")}
          </Button>
        ) : null}
      </div>
      {neighbours.length > 0 ? (
        <nav className={classes.neighbours} aria-label={t("camera.same_site")}>
          <Text size="xs" c="dimmed">
            {t("camera.same_site")}
          </Text>
          {neighbours.map((neighbour) => (
            <button key={neighbour.camera_id} type="button" onClick={() => onChoose(neighbour.camera_id)}>
              <StateDot tone={TONE_OF_STATE[cameraState(neighbour)]} />
              <span>{neighbour.label}</span>
            </button>
          ))}
        </nav>
      ) : null}
    </section>
  );
}
