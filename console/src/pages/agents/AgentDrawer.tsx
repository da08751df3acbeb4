import { Button, Drawer, Group, MultiSelect, Select, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import {
  type Agent,
  changeAgent,
  grantHabilitation,
  recordAgrement,
  recordTraining,
  revokeAgent,
} from "@/api/agents";
import { can, useMe } from "@/app/session";
import { useCommunes } from "@/cameras/useCameras";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useOneAtATime } from "@/design/useOneAtATime";
import { parisToUtc } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { afterLastDay, ROLES_OF_KIND } from "./papers";
import { useOrganisations, useRefreshAgents } from "./queries";

/** One agent: role and territory, papers, revocation; read-only for who may not manage agents. */
export function AgentDrawer({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const { t, word } = useI18n();
  const manages = can(useMe(), "manage_agents");
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={`${agent.name} · ${agent.agent_id}`}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {word("role", agent.role)} · {agent.organisation_name}
        </Text>
        {manages ? (
          <>
            <IdentityForm agent={agent} />
            <PaperForm
              title={t("agents.new_habilitation")}
              record={(paper) => grantHabilitation(agent.agent_id, paper)}
            />
            <PaperForm
              title={t("agents.new_agrement")}
              record={(paper) => recordAgrement(agent.agent_id, paper)}
            />
            <TrainingForm agent={agent} />
            {agent.active ? <RevocationForm agent={agent} /> : null}
          </>
        ) : null}
      </Stack>
    </Drawer>
  );
}

/** A small form in a panel: a problem is told where it happened, a success in passing. */
function Act({
  title,
  button,
  act,
  danger = false,
  children,
}: {
  title: string;
  button: string;
  act: () => Promise<unknown>;
  danger?: boolean;
  children: ReactNode;
}) {
  const { t } = useI18n();
  const refresh = useRefreshAgents();
  const mutation = useMutation({
    mutationFn: act,
    onSuccess: () => {
      notifications.show({ message: t("agents.saved") });
      refresh();
    },
  });
  const send = useOneAtATime(mutation);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  return (
    <Panel title={title}>
      <form onSubmit={submit} style={{ padding: "0.75rem" }}>
        <Stack gap="sm">
          {children}
          {mutation.error ? <ProblemAlert error={mutation.error} compact /> : null}
          <Group justify="end">
            <Button type="submit" color={danger ? "red" : "blue"} loading={mutation.isPending} size="xs">
              {button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function IdentityForm({ agent }: { agent: Agent }) {
  const { t, word } = useI18n();
  const organisations = useOrganisations();
  const communes = useCommunes();
  const [name, setName] = useState(agent.name);
  const [role, setRole] = useState(agent.role);
  const [organisationId, setOrganisationId] = useState(agent.organisation_id);
  const [territory, setTerritory] = useState(agent.communes);
  const employer = organisations.data?.find((one) => one.organisation_id === organisationId);
  const nameOf = (insee: string) => communes.data?.find((one) => one.insee === insee)?.name ?? insee;
  const move = (next: string | null) => {
    if (!next) return;
    setOrganisationId(next);
    setTerritory(organisations.data?.find((one) => one.organisation_id === next)?.communes ?? []);
  };
  return (
    <Act
      title={t("agents.identity")}
      button={t("agents.save")}
      act={() =>
        changeAgent(agent.agent_id, { name, role, organisation_id: organisationId, communes: territory })
      }
    >
      <TextInput
        label={t("agents.name")}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select
        label={t("agents.employer")}
        data={(organisations.data ?? []).map((one) => ({ value: one.organisation_id, label: one.name }))}
        value={organisationId}
        onChange={move}
      />
      <Select
        label={t("agents.role")}
        data={(ROLES_OF_KIND[employer?.kind ?? agent.organisation_kind] ?? []).map((one) => ({
          value: one,
          label: word("role", one),
        }))}
        value={role}
        onChange={(next) => next && setRole(next)}
      />
      <MultiSelect
        label={t("agents.communes")}
        description={t("agents.communes_hint")}
        searchable
        data={(employer?.communes ?? agent.communes).map((insee) => ({ value: insee, label: nameOf(insee) }))}
        value={territory}
        onChange={setTerritory}
      />
    </Act>
  );
}

function PaperForm({
  title,
  record,
}: {
  title: string;
  record: (paper: { number: string; from: string; until: string }) => Promise<unknown>;
}) {
  const { t } = useI18n();
  const [number, setNumber] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const act = () =>
    record({ number: number.trim(), from: parisToUtc(`${from}T00:00`) ?? "", until: afterLastDay(to) ?? "" });
  return (
    <Act title={title} button={t("agents.record")} act={act}>
      <Group grow align="end">
        <TextInput
          required
          label={t("agents.number")}
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value)}
        />
        <TextInput
          required
          type="date"
          label={t("agents.from")}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          required
          type="date"
          label={t("agents.to")}
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
      </Group>
    </Act>
  );
}

function TrainingForm({ agent }: { agent: Agent }) {
  const { t } = useI18n();
  const [day, setDay] = useState("");
  return (
    <Act
      title={t("agents.new_training")}
      button={t("agents.record")}
      act={() => recordTraining(agent.agent_id, day)}
    >
      <TextInput
        required
        type="date"
        label={t("agents.trained_on")}
        value={day}
        onChange={(event) => setDay(event.currentTarget.value)}
      />
    </Act>
  );
}

function RevocationForm({ agent }: { agent: Agent }) {
  const { t } = useI18n();
  const [reason, setReason] = useState("");
  return (
    <Act
      danger
      title={t("agents.revoke_title")}
      button={t("agents.revoke")}
      act={() => revokeAgent(agent.agent_id, reason)}
    >
      <Text size="sm">{t("agents.revoke_warning")}</Text>
      <TextInput
        required
        minLength={3}
        label={t("agents.revoke_reason")}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Act>
  );
}
