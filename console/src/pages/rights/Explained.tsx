import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { explainRight } from "@/api/policy";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot, type Tone } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import type { MessageKey } from "@/i18n/translate";
import classes from "./RightsPage.module.css";

interface ExplainedProps {
  agentId: string;
  cameraId: string;
  action: string;
  at: string;
  onClose: () => void;
}

function stepLook(step: { applies: boolean; passed: boolean }): [Tone, MessageKey] {
  if (!step.passed) return ["bad", "rights.step_failed"];
  return step.applies ? ["good", "rights.step_passed"] : ["idle", "rights.step_skipped"];
}

/** Every rule of the table for one agent, one action and one camera. */
export function Explained({ agentId, cameraId, action, at, onClose }: ExplainedProps) {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({
    queryKey: ["explained-right", agentId, cameraId, action, at],
    queryFn: () => explainRight({ agent_id: agentId, camera_id: cameraId, action, at }),
    staleTime: 60_000, // asking is a line of the register
  });
  const close = (
    <Button size="xs" variant="default" onClick={onClose}>
      {t("rights.close")}
    </Button>
  );
  return (
    <Panel title={t("rights.steps", { camera: cameraId })} aside={close}>
      {error ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {data ? (
        <div data-testid="rights-steps">
          <p style={{ padding: "0 0.75rem", margin: "0.75rem 0 0" }}>
            <strong>
              {data.allowed ? t("rights.verdict_allowed") : t("rights.verdict_refused", { rule: data.rule })}
            </strong>{" "}
            <span className={classes.minor}>{data.citation}</span>
          </p>
          <ol className={classes.steps}>
            {data.steps.map((step) => {
              const [tone, label] = stepLook(step);
              return (
                <li key={step.rule} className={classes.step}>
                  <StateDot tone={tone} />
                  <span>
                    {step.explanation} <span className={classes.minor}>{t(label)}</span>
                  </span>
                  <span />
                  <span className={classes.minor}>
                    {step.rule} · {step.citation}
                  </span>
                </li>
              );
            })}
          </ol>
        </div>
      ) : error ? null : (
        <Skeleton h={240} />
      )}
    </Panel>
  );
}
