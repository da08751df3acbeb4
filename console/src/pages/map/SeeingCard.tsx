import { Button, CloseButton, Text } from "@mantine/core";
import { IconBroadcast } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { fetchSeeing, type Place } from "@/api/geography";
import { can, useMe } from "@/app/session";
import { cameraState, TONE_OF_STATE } from "@/cameras/state";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import { livePath } from "@/pages/live/wall";
import classes from "./MapPage.module.css";

const ON_ONE_WALL = 4;

interface SeeingCardProps {
  place: Place;
  onChoose: (cameraId: string) => void;
  onClose: () => void;
}

/** Which cameras have a spot of the map in view, the best first, and one button to look through them. */
export function SeeingCard({ place, onChoose, onClose }: SeeingCardProps) {
  const { t, word } = useI18n();
  const me = useMe();
  const seeing = useQuery({
    queryKey: ["seeing", place],
    queryFn: ({ signal }) => fetchSeeing(place, signal),
  });
  const found = seeing.data ?? [];
  const watchable = found.filter((camera) => camera.has_stream && camera.online !== false);
  return (
    <section className={classes.card} aria-label={t("map.seeing")} data-testid="seeing-card">
      <header>
        <strong>{t("map.seeing")}</strong>
        <CloseButton size="sm" aria-label={t("camera.close")} onClick={onClose} />
      </header>
      {seeing.error ? (
        <ProblemAlert error={seeing.error} onRetry={() => void seeing.refetch()} />
      ) : seeing.isSuccess && found.length === 0 ? (
        <Text size="xs" c="dimmed">
          {t("map.seeing_none")}
        </Text>
      ) : null}
      <nav className={classes.seeing} aria-label={t("map.seeing")}>
        {found.map((camera) => (
          <button key={camera.camera_id} type="button" onClick={() => onChoose(camera.camera_id)}>
            <StateDot tone={TONE_OF_STATE[cameraState(camera)]} />
            <span>{camera.label}</span>
            <small>
              {word("map.why", camera.why)} · {Math.round(camera.distance_m)} m
            </small>
          </button>
        ))}
      </nav>
      {can(me, "live") && watchable.length > 0 ? (
        <Button
          component={Link}
          to={livePath(watchable.slice(0, ON_ONE_WALL).map((camera) => camera.camera_id))}
          size="compact-sm"
          leftSection={<IconBroadcast aria-hidden size={15} />}
          data-testid="seeing-live"
        >
          {t("map.seeing_live")}
        </Button>
      ) : null}
    </section>
  );
}
