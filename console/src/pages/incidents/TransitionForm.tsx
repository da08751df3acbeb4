import { Button, Group, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Incident, type IncidentStatus, transitionIncident } from "@/api/incident";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./IncidentDetail.module.css";
import { nextSteps } from "./lifecycle";
import { INCIDENTS } from "./queries";

/** The steps that may follow, each one button, with a note for the timeline. */
export function TransitionForm({ incident }: { incident: Incident }) {
  const { t, word } = useI18n();
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const transition = useMutation({
    mutationFn: (to: IncidentStatus) =>
      transitionIncident(incident.incident_id, { to, note, version: incident.version }),
    onSuccess: () => setNote(""),
    // Also after a refusal: somebody else was faster, and the screen must show what they did.
    onSettled: () => queries.invalidateQueries({ queryKey: INCIDENTS }),
  });
  const steps = nextSteps(incident.status);
  return (
    <Panel title={t("incident.transition.title")}>
      <div className={classes.body}>
        <Group gap="sm" align="flex-end">
          <TextInput
            style={{ flex: 1, minWidth: 180 }}
            label={t("incident.transition.note")}
            placeholder={t("incident.transition.note_placeholder")}
            maxLength={1000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          {steps.map((to) => (
            <Button
              key={to}
              variant="default"
              disabled={transition.isPending}
              onClick={() => transition.mutate(to)}
              data-testid={`transition-${to}`}
            >
              {word("incident.transition", to)}
            </Button>
          ))}
        </Group>
        {transition.error ? <ProblemAlert error={transition.error} /> : null}
      </div>
    </Panel>
  );
}
