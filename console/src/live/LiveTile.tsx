import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconRewindBackward15, IconX } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { isRestarting, type Problem, UNREACHABLE } from "@/api/problem";
import type { Camera } from "@/api/registry";
import type { Quality } from "@/api/stream";
import { useSessionDoubt } from "@/app/session";
import { Clock } from "@/design/Clock";
import { StateDot } from "@/design/StateDot";
import { formatAge } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { InstantReplay } from "./InstantReplay";
import classes from "./LiveTile.module.css";
import type { Kept, PlayerState } from "./playerState";
import { TransportBadge } from "./TransportBadge";
import { useLivePlayer } from "./useLivePlayer";
import { Watermark } from "./Watermark";

/** A picture older than this is not "live" whatever the line says. */
const FROZEN_MS = 3_000;
const SLOW_MS = 1_200;
/** As far back as one key shows again. */
const INSTANT_SECONDS = 15;

interface LiveTileProps {
  number: number;
  cameraId: string;
  /** Undefined while the inventory loads, or when the camera is outside the agent's scope. */
  camera: Camera | undefined;
  quality: Quality;
  viewer: string;
  selected: boolean;
  onSelect: () => void;
  onMaximise: () => void;
  onClose: () => void;
  /** Absent for an agent who may not declare. */
  onDeclare: (() => void) | undefined;
}

/** One live picture, with who watches what, how old it is, and in words why there is none. */
export function LiveTile(props: LiveTileProps) {
  const { number, cameraId, camera, quality, viewer, selected } = props;
  const { t } = useI18n();
  const stage = useRef<HTMLDivElement>(null);
  const [tries, setTries] = useState(0);
  const [instant, setInstant] = useState<{ session: string | null } | null>(null);
  const { state, ageMs, sessionId } = useLivePlayer(stage, cameraId, quality, tries);
  const over = state.phase === "ended" || state.phase === "refused";
  useSessionDoubt(over);
  const label = camera?.label ?? cameraId;
  return (
    <section
      className={classes.tile}
      data-selected={selected}
      data-testid={`tile-${number}`}
      aria-label={`${t("live.tile", { n: number })} : ${label}`}
    >
      <div ref={stage} className={classes.stage} />
      <Watermark />
      <button
        type="button"
        className={classes.select}
        aria-pressed={selected}
        aria-label={`${t("live.tile", { n: number })} : ${label}`}
        onClick={props.onSelect}
        onDoubleClick={props.onMaximise}
      />
      <Explanation
        state={state}
        onRetry={() => {
          setInstant(null);
          setTries(tries + 1);
        }}
      />
      {state.phase === "live" && state.kept ? <KeptNote kept={state.kept} /> : null}
      {instant && !over ? (
        <InstantReplay
          cameraId={cameraId}
          sessionId={instant.session}
          seconds={INSTANT_SECONDS}
          onLive={() => setInstant(null)}
        />
      ) : null}
      <div className={classes.top}>
        <span className={classes.caption}>
          <strong>{label}</strong>
          {camera ? <span>{cameraId}</span> : null}
          {camera ? <span>{camera.commune}</span> : null}
        </span>
        <span className={classes.actions}>
          {props.onDeclare ? (
            <Tooltip label={t("camera.declare")}>
              <ActionIcon
                variant="filled"
                color="dark.6"
                aria-label={t("live.declare_from", { n: number })}
                onClick={props.onDeclare}
                data-testid={`tile-declare-${number}`}
              >
                <IconAlertTriangle aria-hidden size={16} color="#f2b13c" />
              </ActionIcon>
            </Tooltip>
          ) : null}
          <Tooltip label={t("instant.show", { n: INSTANT_SECONDS })}>
            <ActionIcon
              variant="filled"
              color="dark.6"
              aria-label={t("instant.show", { n: INSTANT_SECONDS })}
              onClick={() => setInstant({ session: sessionId() })}
              data-testid={`tile-instant-${number}`}
            >
              <IconRewindBackward15 aria-hidden size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t("live.remove", { n: number })}>
            <ActionIcon
              variant="filled"
              color="dark.6"
              aria-label={t("live.remove", { n: number })}
              onClick={props.onClose}
            >
              <IconX aria-hidden size={16} />
            </ActionIcon>
          </Tooltip>
        </span>
      </div>
      <div className={classes.bottom}>
        <span className={classes.caption}>
          <span>{t("live.viewer", { name: viewer })}</span>
          <Clock />
        </span>
        <span className={classes.badges}>
          <TransportBadge number={number} state={state} />
          <StateBadge state={state} ageMs={ageMs} />
        </span>
      </div>
    </section>
  );
}

function StateBadge({ state, ageMs }: { state: PlayerState; ageMs: number | null }) {
  const { t, locale } = useI18n();
  const live = state.phase === "live";
  const frozen = live && ageMs !== null && ageMs > FROZEN_MS;
  const word = frozen ? t("player.frozen") : t(`player.${state.phase}`);
  const tone = frozen ? "bad" : live ? (ageMs !== null && ageMs > SLOW_MS ? "warn" : "good") : "idle";
  const age = live && ageMs !== null ? formatAge(ageMs, locale) : null;
  return (
    <span
      className={classes.state}
      data-tone={tone}
      data-testid="tile-state"
      data-phase={frozen ? "frozen" : state.phase}
      title={age ? t("player.age", { age }) : undefined}
    >
      <StateDot tone={tone} />
      {word}
      {age ? <span className={classes.age}>{age}</span> : null}
    </span>
  );
}

/** Why the picture is not (yet) there. A refusal names its rule and the text it comes from. */
function Explanation({ state, onRetry }: { state: PlayerState; onRetry: () => void }) {
  const { t, word } = useI18n();
  const { phase, problem, reason } = state;
  if (phase === "live") return null;
  const waiting = phase === "opening" || phase === "connecting" || phase === "buffering";
  const title =
    phase === "reconnecting" && state.attempt > 1
      ? t("player.reconnecting_n", { n: state.attempt })
      : t(`player.${phase}`);
  const asked = reason ? word("player.reason", reason) : null;
  return (
    <div className={classes.why} data-final={!waiting && phase !== "reconnecting"} role="status">
      <strong>{title}</strong>
      {problem ? <ProblemText problem={problem} /> : null}
      {!problem && asked ? <span>{asked}</span> : null}
      {phase === "refused" && !problem && !asked ? <span>{t("player.refused_detail")}</span> : null}
      {waiting || phase === "reconnecting" ? null : (
        <Button size="compact-sm" variant="default" mt={6} onClick={onRetry}>
          {t("live.retry")}
        </Button>
      )}
    </div>
  );
}

/** The picture is still that of before; why the other one is not there. */
function KeptNote({ kept }: { kept: Kept }) {
  const { t, word } = useI18n();
  const why = kept.reason ? word("player.reason", kept.reason) : t("player.refused_detail");
  return (
    <div className={classes.kept} role="status" data-testid="tile-kept">
      <strong>{t(`player.kept_${kept.wanted}`)}</strong>{" "}
      {kept.problem ? <ProblemText problem={kept.problem} /> : <span>{why}</span>}
    </div>
  );
}

function ProblemText({ problem }: { problem: Problem }) {
  const { t } = useI18n();
  if (problem.status === UNREACHABLE) return <span>{t("problem.unreachable")}</span>;
  if (isRestarting(problem)) return <span>{t("problem.restarting")}</span>;
  return (
    <>
      <span>{problem.detail || problem.title}</span>
      {problem.rule ? (
        <small>
          {t("problem.rule")} : {problem.rule}
          {problem.citation ? ` · ${problem.citation}` : ""}
        </small>
      ) : null}
    </>
  );
}
