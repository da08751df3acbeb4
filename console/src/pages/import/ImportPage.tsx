import { Stepper } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type ImportChoices, sendInventory } from "@/api/imports";
import { PageTitle } from "@/design/PageTitle";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { ColumnsStep } from "./ColumnsStep";
import { DoneStep } from "./DoneStep";
import { FileStep } from "./FileStep";
import classes from "./ImportPage.module.css";
import { ReportStep } from "./ReportStep";

const UNTOUCHED: ImportChoices = { mapping: null, sheet: null, commune: null, outside: false, strict: false };

/** Four steps from a file to the register; until the last one nothing is written. */
export function ImportPage() {
  const { t } = useI18n();
  const queries = useQueryClient();
  const [step, setStep] = useState(0);
  const [file, setFile] = useState<File | null>(null);
  const [choices, setChoices] = useState<ImportChoices>(UNTOUCHED);
  const trial = useMutation({
    mutationFn: ({ chosen, options }: { chosen: File; options: ImportChoices }) =>
      sendInventory(chosen, options),
  });
  const application = useMutation({
    mutationFn: ({ chosen, hash }: { chosen: File; hash: string }) => sendInventory(chosen, choices, hash),
    onSuccess: () => {
      setStep(3);
      return queries.invalidateQueries();
    },
  });

  const attempt = (chosen: File, options: ImportChoices, next: number) => {
    setChoices(options);
    application.reset();
    trial.mutate({ chosen, options }, { onSuccess: () => setStep(next) });
  };
  const choose = (chosen: File) => {
    setFile(chosen);
    attempt(chosen, UNTOUCHED, 1);
  };
  const restart = () => {
    setFile(null);
    setStep(0);
    trial.reset();
    application.reset();
  };
  const report = trial.data;

  return (
    <div className={classes.page}>
      <PageTitle title={t("import.title")} />
      <Panel title={t("import.title")}>
        <div className={classes.body}>
          <Stepper active={step} size="sm" mb="md" data-testid="import-steps">
            <Stepper.Step label={t("import.step_file")} />
            <Stepper.Step label={t("import.step_columns")} />
            <Stepper.Step label={t("import.step_report")} />
            <Stepper.Step label={t("import.step_done")} />
          </Stepper>
          {trial.error ? <ProblemAlert error={trial.error} /> : null}
          {application.error ? <ProblemAlert error={application.error} /> : null}
          {step === 0 ? <FileStep busy={trial.isPending} onChoose={choose} /> : null}
          {step === 1 && file && report ? (
            <ColumnsStep
              key={report.file.sheet}
              name={file.name}
              report={report}
              choices={choices}
              busy={trial.isPending}
              onSheet={(sheet) => attempt(file, { ...UNTOUCHED, sheet }, 1)}
              onBack={restart}
              onCheck={(options) => attempt(file, options, 2)}
            />
          ) : null}
          {step === 2 && file && report ? (
            <ReportStep
              report={report}
              busy={application.isPending}
              onBack={() => setStep(1)}
              onRetry={application.error ? () => attempt(file, choices, 2) : null}
              onConfirm={() => application.mutate({ chosen: file, hash: report.plan_hash })}
            />
          ) : null}
          {step === 3 && application.data ? <DoneStep report={application.data} onAgain={restart} /> : null}
        </div>
      </Panel>
    </div>
  );
}
