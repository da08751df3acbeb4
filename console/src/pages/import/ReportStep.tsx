import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import type { ImportReport } from "@/api/imports";
import { useI18n } from "@/i18n/I18n";
import classes from "./ImportPage.module.css";
import { IssueTable } from "./IssueTable";

interface ReportStepProps {
  report: ImportReport;
  busy: boolean;
  onBack: () => void;
  /** Check again, after the register changed under the reviewed plan. */
  onRetry: (() => void) | null;
  onConfirm: () => void;
}

const FIGURES = ["created", "changed", "unchanged", "missing", "invalid", "warned"] as const;
const LISTED = 200;

/** Step 3: what would change, and what to mend. */
export function ReportStep({ report, busy, onBack, onRetry, onConfirm }: ReportStepProps) {
  const { t } = useI18n();
  return (
    <Stack gap="md">
      <div className={classes.figures} data-testid="import-figures">
        {FIGURES.map((name) => (
          <div key={name} className={classes.figure}>
            <strong>{report[name]}</strong>
            <Text size="xs" c="dimmed">
              {t(`import.${name}`)}
            </Text>
          </div>
        ))}
      </div>
      {report.not_located > 0 ? (
        <Alert color="yellow" variant="light">
          {t("import.not_located", { n: report.not_located })}
        </Alert>
      ) : null}
      {report.notes.map((note) => (
        <Alert key={note} color="blue" variant="light" py={6}>
          {note}
        </Alert>
      ))}
      <IssueTable issues={[...report.errors, ...report.warnings]} />
      <Changes report={report} />
      <Group justify="end">
        <Button variant="default" onClick={onBack}>
          {t("import.back")}
        </Button>
        {onRetry ? <Button onClick={onRetry}>{t("import.check")}</Button> : null}
        <Button
          disabled={!report.applied || onRetry !== null}
          loading={busy}
          onClick={onConfirm}
          data-testid="import-confirm"
        >
          {report.applied
            ? t("import.confirm", { created: report.created, changed: report.changed })
            : t("import.nothing")}
        </Button>
      </Group>
    </Stack>
  );
}

function Changes({ report }: { report: ImportReport }) {
  const { t } = useI18n();
  const { additions, changes, missing_cameras: missing } = report;
  return (
    <>
      <Title order={3} size="h5">
        {t("import.changes")}
      </Title>
      {changes.length + additions.length === 0 ? <Text size="sm">{t("import.no_change")}</Text> : null}
      {changes.length > 0 ? (
        <div className={classes.scroll}>
          {changes.slice(0, LISTED).map((change) => (
            <Text key={change.camera_id} size="sm" className={classes.change ?? ""}>
              <strong>{change.camera_id}</strong>{" "}
              {change.fields.map(({ field, before, after }) => (
                <span key={field}>
                  {field} : <del>{before || "∅"}</del> → <ins>{after || "∅"}</ins>{" "}
                </span>
              ))}
            </Text>
          ))}
        </div>
      ) : null}
      <Names
        title={t("import.additions")}
        names={additions.map((one) => `${one.camera_id} ${one.label}`)}
        total={report.created}
      />
      <Names
        title={t("import.missing_title")}
        names={missing.map((one) => `${one.code} ${one.label}`)}
        total={report.missing}
      />
    </>
  );
}

function Names({ title, names, total }: { title: string; names: string[]; total: number }) {
  if (names.length === 0) return null;
  return (
    <details>
      <summary>
        {title} ({total})
      </summary>
      <div className={classes.scroll}>
        {names.slice(0, LISTED).map((name) => (
          <Text key={name} size="sm">
            {name}
          </Text>
        ))}
      </div>
    </details>
  );
}
