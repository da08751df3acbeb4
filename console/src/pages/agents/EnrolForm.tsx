import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { enrolAgent, type NewAgent } from "@/api/agents";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { ROLES_OF_KIND } from "./papers";
import { useOrganisations, useRefreshAgents } from "./queries";

const NOBODY: NewAgent = { agent_id: "", name: "", role: "", organisation_id: "" };

/** A new agent; the habilitation is granted right after, in the drawer that opens. */
export function EnrolForm({ onClose, onDone }: { onClose: () => void; onDone: (agentId: string) => void }) {
  const { t, word } = useI18n();
  const organisations = useOrganisations();
  const refresh = useRefreshAgents();
  const [draft, setDraft] = useState(NOBODY);
  const employer = organisations.data?.find((one) => one.organisation_id === draft.organisation_id);
  const enrolment = useMutation({
    mutationFn: () => enrolAgent(draft),
    onSuccess: (agent) => {
      refresh();
      onDone(agent.agent_id);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.values(draft).every(Boolean)) enrolment.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={t("agents.add")}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            required
            data-autofocus
            label={t("agents.identifier")}
            description={t("agents.identifier_hint")}
            value={draft.agent_id}
            onChange={(event) => setDraft({ ...draft, agent_id: event.currentTarget.value })}
          />
          <TextInput
            required
            label={t("agents.name")}
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <Select
            required
            searchable
            label={t("agents.employer")}
            data={(organisations.data ?? []).map((one) => ({ value: one.organisation_id, label: one.name }))}
            value={draft.organisation_id || null}
            onChange={(value) => setDraft({ ...draft, organisation_id: value ?? "", role: "" })}
          />
          <Select
            required
            label={t("agents.role")}
            data={(ROLES_OF_KIND[employer?.kind ?? ""] ?? []).map((role) => ({
              value: role,
              label: word("role", role),
            }))}
            value={draft.role || null}
            onChange={(value) => setDraft({ ...draft, role: value ?? "" })}
          />
          {enrolment.error ? <ProblemAlert error={enrolment.error} /> : null}
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              {t("agents.close")}
            </Button>
            <Button type="submit" loading={enrolment.isPending}>
              {t("agents.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
