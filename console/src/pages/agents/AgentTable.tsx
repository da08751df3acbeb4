import { Table } from "@mantine/core";
import type { Agent, Deadline } from "@/api/agents";
import { StateDot } from "@/design/StateDot";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./AgentsPage.module.css";
import { lastDay } from "./papers";

interface AgentTableProps {
  agents: Agent[];
  urgent: Map<string, Deadline>;
  onChoose: (agentId: string) => void;
}

export function AgentTable({ agents, urgent, onChoose }: AgentTableProps) {
  const { t } = useI18n();
  const columns = [
    "name",
    "role",
    "employer",
    "communes",
    "habilitation",
    "agrement",
    "training",
    "state",
  ] as const;
  return (
    <Table stickyHeader highlightOnHover verticalSpacing={6} horizontalSpacing="md" fz="sm">
      <Table.Thead>
        <Table.Tr>
          {columns.map((column) => (
            <Table.Th key={column} scope="col">
              {t(`agents.col.${column}`)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {agents.map((agent) => (
          <Row key={agent.agent_id} agent={agent} deadline={urgent.get(agent.agent_id)} onChoose={onChoose} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Row({
  agent,
  deadline,
  onChoose,
}: {
  agent: Agent;
  deadline: Deadline | undefined;
  onChoose: (agentId: string) => void;
}) {
  const { t, word } = useI18n();
  return (
    <Table.Tr data-testid={`agent-row-${agent.agent_id}`}>
      <Table.Td>
        <button type="button" className={classes.choose} onClick={() => onChoose(agent.agent_id)}>
          {agent.name}
        </button>
        <div className={classes.minor}>{agent.agent_id}</div>
      </Table.Td>
      <Table.Td>{word("role", agent.role)}</Table.Td>
      <Table.Td>
        {agent.organisation_name}
        <div className={classes.minor}>{word("organisation", agent.organisation_kind)}</div>
      </Table.Td>
      <Table.Td title={agent.communes.join(", ")}>{agent.communes.length}</Table.Td>
      <Paper number={agent.habilitation_id} endsAt={agent.habilitation_until} />
      <Paper number={agent.agrement_number} endsAt={agent.agrement_until} />
      <Paper number={null} endsAt={agent.training_until} />
      <Table.Td>
        <span className={classes.state}>
          <StateDot tone={!agent.active ? "bad" : deadline ? "warn" : "good"} />
          {agent.active ? t("agents.active") : t("agents.revoked")}
        </span>
        {deadline ? (
          <div className={classes.minor}>
            {word("paper", deadline.paper)} :{" "}
            {deadline.days_left === 0 ? t("agents.over") : t("agents.soon", { days: deadline.days_left })}
          </div>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}

function Paper({ number, endsAt }: { number: string | null; endsAt: string | null }) {
  const { t, locale } = useI18n();
  return (
    <Table.Td>
      {endsAt ? t("agents.until", { date: formatDate(lastDay(endsAt), locale) }) : "—"}
      {number ? <div className={classes.minor}>{number}</div> : null}
    </Table.Td>
  );
}
