import { Button, Checkbox, Group, Skeleton, TextInput } from "@mantine/core";
import { IconDownload, IconUserPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { ROSTER_URL } from "@/api/agents";
import { can, useMe } from "@/app/session";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import { AgentDrawer } from "./AgentDrawer";
import classes from "./AgentsPage.module.css";
import { AgentTable } from "./AgentTable";
import { EnrolForm } from "./EnrolForm";
import { matches, urgentByAgent } from "./papers";
import { useAgents, useDeadlines } from "./queries";
import { RosterImport } from "./RosterImport";

/** Everybody who may log in, what they are and until when; the papers that run out come first to the eye. */
export function AgentsPage() {
  const { t } = useI18n();
  const manages = can(useMe(), "manage_agents");
  const agents = useAgents();
  const deadlines = useDeadlines();
  const [typed, setTyped] = useState("");
  const [onlyDue, setOnlyDue] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const urgent = useMemo(() => urgentByAgent(deadlines.data ?? []), [deadlines.data]);
  const shown = useMemo(
    () =>
      (agents.data ?? []).filter(
        (agent) => matches(agent, typed) && (!onlyDue || urgent.has(agent.agent_id)),
      ),
    [agents.data, typed, onlyDue, urgent],
  );
  const agent = agents.data?.find((one) => one.agent_id === chosen) ?? null;

  return (
    <div className={classes.page}>
      <PageTitle title={t("agents.title")} />
      <Group justify="space-between" align="end" wrap="wrap">
        <Group align="end">
          <TextInput
            label={t("agents.search")}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            data-testid="agents-search"
          />
          <Checkbox
            label={t("agents.only_due")}
            checked={onlyDue}
            onChange={(event) => setOnlyDue(event.currentTarget.checked)}
            mb={8}
          />
        </Group>
        <Group>
          <Button
            component="a"
            href={ROSTER_URL}
            download
            variant="default"
            leftSection={<IconDownload aria-hidden size={16} />}
          >
            {t("agents.export")}
          </Button>
          {manages ? <RosterImport /> : null}
          {manages ? (
            <Button
              leftSection={<IconUserPlus aria-hidden size={16} />}
              onClick={() => setAdding(true)}
              data-testid="agents-add"
            >
              {t("agents.add")}
            </Button>
          ) : null}
        </Group>
      </Group>
      <Panel title={t("agents.table")} aside={<DueBadge count={urgent.size} />} className={classes.panel}>
        {agents.error && !agents.data ? (
          <ProblemAlert error={agents.error} onRetry={() => void agents.refetch()} />
        ) : null}
        {agents.isPending ? <Skeleton h={240} m="sm" /> : null}
        {agents.data && shown.length === 0 ? <Empty title={t("agents.none")} /> : null}
        {shown.length > 0 ? <AgentTable agents={shown} urgent={urgent} onChoose={setChosen} /> : null}
      </Panel>
      {agent ? <AgentDrawer key={agent.agent_id} agent={agent} onClose={() => setChosen(null)} /> : null}
      {adding ? <EnrolForm onClose={() => setAdding(false)} onDone={setChosen} /> : null}
    </div>
  );
}

function DueBadge({ count }: { count: number }) {
  const { t } = useI18n();
  return (
    <span className={classes.state} data-testid="agents-due">
      <StateDot tone={count > 0 ? "warn" : "good"} />
      {count > 0 ? t("agents.due", { n: count }) : t("agents.due_none")}
    </span>
  );
}
