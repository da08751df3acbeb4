import { Button, Group, Skeleton, Text } from "@mantine/core";
import { Link } from "react-router";
import { commandRun, type Finding, noteFinding, type RondeRun } from "@/api/rondes";
import { cameraName } from "@/cameras/naming";
import { useCameras } from "@/cameras/useCameras";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot } from "@/design/StateDot";
import { useNow } from "@/design/useNow";
import { formatElapsed, formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useDeclare } from "@/pages/incidents/declare";
import { livePath } from "@/pages/live/wall";
import { useOpenRuns, useRunChange } from "./queries";
import classes from "./RondesPage.module.css";
import { commandsFor, FINDINGS, leftOf, stepToMark, toneOf } from "./runs";
import { Sheet } from "./Sheet";

/** Runs that wait, go on, pause or are to be closed, with their commands and the findings of each step. */
export function OpenRuns() {
  const { t } = useI18n();
  const { data, error, refetch } = useOpenRuns();
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={60} m="sm" />;
  if (data.items.length === 0) return <Empty title={t("rondes.none_open")} />;
  return data.items.map((run) => <OpenRun key={run.run_id} run={run} />);
}

function OpenRun({ run }: { run: RondeRun }) {
  const { t } = useI18n();
  const change = useRunChange();
  const marked = stepToMark(run);
  const mark = (step: number, finding: Finding) =>
    change.mutate(() => noteFinding(run.run_id, step, { finding }));
  return (
    <article className={classes.run} aria-label={run.name} data-testid={`run-${run.name}`}>
      <header className={classes.runHead}>
        <div>
          <h3>{run.name}</h3>
          <RunWords run={run} />
        </div>
        <Group gap="xs">
          {commandsFor(run.state).map((command, index) => (
            <Button
              key={command}
              size="compact-sm"
              variant={index === 0 ? "filled" : "default"}
              disabled={change.isPending}
              onClick={() => change.mutate(() => commandRun(run.run_id, command))}
              data-testid={`run-${command}`}
            >
              {t(`rondes.command.${command}`)}
            </Button>
          ))}
        </Group>
      </header>
      {change.error ? <ProblemAlert error={change.error} compact /> : null}
      {marked === null ? null : (
        <Present
          run={run}
          step={marked}
          busy={change.isPending}
          onMark={(finding) => mark(marked, finding)}
        />
      )}
      <Sheet run={run} onMark={mark} />
    </article>
  );
}

function RunWords({ run }: { run: RondeRun }) {
  const { t, locale } = useI18n();
  const late = run.late_seconds >= 1 ? formatElapsed(run.late_seconds * 1000, locale) : null;
  return (
    <p className={classes.minor} role="status">
      <span className={classes.state}>
        <StateDot tone={toneOf(run.state)} /> <strong>{t(`rondes.state.${run.state}`)}</strong>
      </span>{" "}
      {[
        run.purpose,
        run.agent_name ? t("rondes.by", { name: run.agent_name }) : "",
        run.scheduled ? t("rondes.due", { time: formatTime(run.due_at, locale) }) : "",
        late ? t("rondes.late", { time: late }) : "",
        run.screen_id ? t("rondes.on_screen", { screen: run.screen_id, n: run.place + 1 }) : "",
        run.reason,
      ]
        .filter(Boolean)
        .join(" · ")}
    </p>
  );
}

interface PresentProps {
  run: RondeRun;
  step: number;
  busy: boolean;
  onMark: (finding: Finding) => void;
}

/** The step that is being looked at: how long still, where to watch it, and what was found. */
function Present({ run, step, busy, onMark }: PresentProps) {
  const { t, locale } = useI18n();
  const { byId } = useCameras();
  const declare = useDeclare();
  const left = leftOf(run, useNow());
  const record = run.steps[step];
  if (!record) return null;
  return (
    <div className={classes.present}>
      <Text size="sm">
        {t("rondes.step_of", { n: step + 1, total: run.steps.length })} :{" "}
        <strong>{cameraName(byId.get(record.camera_id), record.camera_id)}</strong>
        {left === null ? null : ` · ${t("rondes.left", { time: formatElapsed(left, locale) })}`}
      </Text>
      <Group gap="xs">
        {FINDINGS.map((finding) => (
          <Button
            key={finding}
            size="compact-sm"
            variant={record.finding === finding ? "filled" : "default"}
            aria-pressed={record.finding === finding}
            disabled={busy}
            onClick={() => {
              onMark(finding);
              if (finding === "evenement") declare.open({ cameraIds: [record.camera_id] });
            }}
            data-testid={`mark-${finding}`}
          >
            {t(`rondes.finding.${finding}`)}
          </Button>
        ))}
        <Button
          component={Link}
          to={livePath([record.camera_id])}
          size="compact-sm"
          variant="subtle"
          data-testid="run-watch"
        >
          {t("rondes.watch")}
        </Button>
      </Group>
    </div>
  );
}
