import { Button, Select, Skeleton, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchAgentChoices, type SimulationQuestion, simulateRights } from "@/api/policy";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { parisToUtc } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { Answer } from "./Answer";
import classes from "./RightsPage.module.css";

/** "What can agent X see tonight, and why not the rest?", for those who answer for the agents' rights. */
export function RightsPage() {
  const { t, word } = useI18n();
  const [agent, setAgent] = useState<string | null>(null);
  const [at, setAt] = useState("");
  const agents = useQuery({ queryKey: ["agent-choices"], queryFn: fetchAgentChoices, staleTime: 60_000 });
  const simulation = useMutation({
    mutationFn: async (question: SimulationQuestion) => ({ question, found: await simulateRights(question) }),
  });
  const run = () => {
    if (!agent) return;
    const instant = parisToUtc(at);
    simulation.mutate({ agent_id: agent, ...(instant ? { at: instant } : {}) });
  };
  return (
    <div className={classes.page}>
      <PageTitle title={t("rights.title")} />
      <Panel title={t("rights.title")}>
        <div className={classes.question}>
          <Select
            label={t("rights.agent")}
            placeholder={t("rights.agent_placeholder")}
            data={(agents.data ?? []).map(({ agent_id, name, role }) => ({
              value: agent_id,
              label: `${name} · ${word("role", role)}`,
            }))}
            value={agent}
            onChange={setAgent}
            searchable
            w={320}
            data-testid="rights-agent"
          />
          <TextInput
            type="datetime-local"
            label={t("rights.at")}
            description={t("rights.at_hint")}
            inputWrapperOrder={["label", "input", "description"]}
            value={at}
            onChange={(event) => setAt(event.currentTarget.value)}
            data-testid="rights-at"
          />
          <Button onClick={run} disabled={!agent} loading={simulation.isPending} data-testid="rights-run">
            {t("rights.run")}
          </Button>
          <span className={classes.minor}>{t("rights.intro")}</span>
        </div>
        {agents.error ? <ProblemAlert error={agents.error} onRetry={() => void agents.refetch()} /> : null}
      </Panel>
      {simulation.error ? <ProblemAlert error={simulation.error} onRetry={run} /> : null}
      {simulation.isPending ? <Skeleton h={240} /> : null}
      {simulation.data ? (
        <Answer
          key={simulation.data.found.at}
          question={simulation.data.question}
          found={simulation.data.found}
        />
      ) : null}
      {simulation.isIdle ? <Empty title={t("rights.start")} /> : null}
    </div>
  );
}
