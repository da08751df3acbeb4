import { Alert, Table, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import type { Simulation, SimulationQuestion } from "@/api/policy";
import { Panel } from "@/design/Panel";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { CameraList } from "./CameraList";
import { Explained } from "./Explained";
import { keyOf, refusedCount } from "./outlook";
import classes from "./RightsPage.module.css";

interface AnswerProps {
  question: SimulationQuestion;
  found: Simulation;
}

/** Counts by action at the left; at the right the cameras of one action, grouped by the rule that refuses them. */
export function Answer({ question, found }: AnswerProps) {
  const { t, word, locale } = useI18n();
  const [chosen, setChosen] = useState(found.outlooks[0]?.action ?? "");
  const [explained, setExplained] = useState<string | null>(null);
  const outlook = found.outlooks.find(({ action }) => action === chosen);
  const asked = { ...question, at: found.at };
  const choose = (action: string) => {
    setChosen(action);
    setExplained(null);
  };
  return (
    <div className={classes.columns}>
      <Panel title={t("rights.summary")}>
        {found.agent.active ? null : <Alert color="red" title={t("rights.inactive")} m="xs" />}
        <p className={classes.minor} style={{ padding: "0 0.75rem" }} data-testid="rights-of">
          {t("rights.of", {
            name: found.agent.name,
            role: word("role", found.agent.role),
            organisation: found.agent.organisation_name,
            cameras: found.cameras,
            date: formatDateTime(found.at, locale),
          })}
        </p>
        <Table fz="sm" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("rights.action")}</Table.Th>
              <Table.Th scope="col" className={classes.number ?? ""}>
                {t("rights.allowed")}
              </Table.Th>
              <Table.Th scope="col" className={classes.number ?? ""}>
                {t("rights.refused")}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.outlooks.map((line) => (
              <Table.Tr key={line.action} className={line.action === chosen ? (classes.selected ?? "") : ""}>
                <Table.Td>
                  <UnstyledButton
                    fw={600}
                    fz="sm"
                    aria-pressed={line.action === chosen}
                    onClick={() => choose(line.action)}
                    data-testid={`rights-action-${line.action}`}
                  >
                    {word("action", line.action)}
                  </UnstyledButton>
                </Table.Td>
                <Table.Td className={classes.number ?? ""}>{line.allowed.count}</Table.Td>
                <Table.Td className={classes.number ?? ""}>{refusedCount(line)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
      {explained ? (
        <Explained
          agentId={question.agent_id}
          cameraId={explained}
          action={chosen}
          at={found.at}
          onClose={() => setExplained(null)}
        />
      ) : outlook ? (
        <Panel title={t("rights.why", { action: word("action", chosen) })}>
          <CameraList
            key={`${chosen} allowed`}
            question={asked}
            list={keyOf(chosen, null)}
            first={outlook.allowed}
            title={t("rights.allowed_group")}
            onExplain={setExplained}
          />
          {outlook.refused.map((group) => (
            <CameraList
              key={`${chosen} ${group.rule} ${group.opened_by.join(" ")}`}
              question={asked}
              list={keyOf(chosen, group)}
              first={group}
              group={group}
              title={group.explanation}
              onExplain={setExplained}
            />
          ))}
        </Panel>
      ) : null}
    </div>
  );
}
