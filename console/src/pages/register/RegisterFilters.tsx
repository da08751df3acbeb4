import { Autocomplete, Button, NativeSelect, TextInput } from "@mantine/core";
import { useMemo } from "react";
import type { RegisterRow } from "@/api/access";
import { useCommunes } from "@/cameras/useCameras";
import { fr } from "@/i18n/fr";
import { useI18n } from "@/i18n/I18n";
import { CameraFilter } from "./CameraFilter";
import classes from "./RegisterPage.module.css";

/** What is asked of the register, as typed; "" asks nothing. Times are Paris wall time. */
export interface Question {
  camera_id: string;
  agent_id: string;
  action: string;
  result: string;
  from: string;
  to: string;
  why: string;
  motive: string;
  insee: string;
  organisation: string;
}

export const NO_QUESTION: Question = {
  camera_id: "",
  agent_id: "",
  action: "",
  result: "",
  from: "",
  to: "",
  why: "",
  motive: "",
  insee: "",
  organisation: "",
};

const ACTIONS = Object.keys(fr)
  .filter((key) => key.startsWith("action."))
  .map((key) => key.slice("action.".length));
const RESULTS = ["allowed", "refused", "done"];

const distinct = (values: string[]): string[] => [...new Set(values.filter(Boolean))].toSorted();

interface FiltersProps {
  question: Question;
  /** Rows at hand, for suggestions. */
  rows: RegisterRow[];
  onChange: (question: Question) => void;
}

export function RegisterFilters({ question, rows, onChange }: FiltersProps) {
  const { t, word } = useI18n();
  const { data: communes = [] } = useCommunes();
  const agents = useMemo(() => distinct(rows.map((row) => row.actor_id)), [rows]);
  const organisations = useMemo(() => distinct(rows.map((row) => row.organisation)), [rows]);
  const motives = useMemo(() => distinct(rows.map((row) => row.motive_code)), [rows]);
  const set = (change: Partial<Question>) => onChange({ ...question, ...change });
  const choices = (prefix: string, values: string[], any: string) => [
    { value: "", label: any },
    ...values.map((value) => ({ value, label: word(prefix, value) })),
  ];
  return (
    <search className={classes.filters}>
      <CameraFilter value={question.camera_id} onChange={(camera_id) => set({ camera_id })} />
      <TextInput
        type="datetime-local"
        label={t("register.when_from")}
        value={question.from}
        onChange={(event) => set({ from: event.currentTarget.value })}
      />
      <TextInput
        type="datetime-local"
        label={t("register.when_to")}
        value={question.to}
        onChange={(event) => set({ to: event.currentTarget.value })}
      />
      <Autocomplete
        label={t("register.who")}
        placeholder={t("register.who_placeholder")}
        data={agents}
        value={question.agent_id}
        onChange={(value) => set({ agent_id: value })}
        data-testid="register-agent"
      />
      <TextInput
        label={t("register.why")}
        placeholder={t("register.why_placeholder")}
        title={t("register.why_title")}
        value={question.why}
        onChange={(event) => set({ why: event.currentTarget.value })}
        data-testid="register-why"
      />
      <Autocomplete
        label={t("register.motive_code")}
        data={motives}
        value={question.motive}
        onChange={(value) => set({ motive: value })}
      />
      <Autocomplete
        label={t("register.organisation")}
        data={organisations}
        value={question.organisation}
        onChange={(value) => set({ organisation: value })}
      />
      <NativeSelect
        label={t("register.insee")}
        value={question.insee}
        onChange={(event) => set({ insee: event.currentTarget.value })}
        data={[
          { value: "", label: t("register.any") },
          ...communes.map(({ insee, name }) => ({ value: insee, label: name })),
        ]}
      />
      <NativeSelect
        label={t("register.action")}
        value={question.action}
        onChange={(event) => set({ action: event.currentTarget.value })}
        data={choices("action", ACTIONS, t("register.any"))}
        data-testid="register-action"
      />
      <NativeSelect
        label={t("register.result")}
        value={question.result}
        onChange={(event) => set({ result: event.currentTarget.value })}
        data={choices("register.result", RESULTS, t("register.any_result"))}
        data-testid="register-result"
      />
      <Button variant="subtle" color="gray" px="xs" onClick={() => onChange(NO_QUESTION)}>
        {t("register.clear")}
      </Button>
    </search>
  );
}
