import { Button, FileButton, Group, Modal, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { sendRoster } from "@/api/agents";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useOneAtATime } from "@/design/useOneAtATime";
import { useI18n } from "@/i18n/I18n";
import classes from "./AgentsPage.module.css";
import { useRefreshAgents } from "./queries";

/** A file is tried first; a person reads what it would do, and only then is it applied. */
export function RosterImport() {
  const { t } = useI18n();
  const refresh = useRefreshAgents();
  const [file, setFile] = useState<File | null>(null);
  const trial = useMutation({ mutationFn: (chosen: File) => sendRoster(chosen, true) });
  const application = useMutation({
    mutationFn: (chosen: File) => sendRoster(chosen, false),
    onSuccess: (report) => {
      notifications.show({
        message: t("agents.import_done", { created: report.created.length, changed: report.changed.length }),
      });
      refresh();
      setFile(null);
    },
  });
  const apply = useOneAtATime(application);
  const choose = (chosen: File | null) => {
    if (!chosen) return;
    setFile(chosen);
    application.reset();
    trial.mutate(chosen);
  };
  const report = trial.data;
  const writes = report ? report.created.length + report.changed.length > 0 : false;
  return (
    <>
      <FileButton onChange={choose} accept=".csv,text/csv">
        {(props) => (
          <Button {...props} variant="default" leftSection={<IconUpload aria-hidden size={16} />}>
            {t("agents.import")}
          </Button>
        )}
      </FileButton>
      <Modal opened={file !== null} onClose={() => setFile(null)} title={t("agents.import_title")} size="lg">
        <Stack gap="sm">
          <Text fw={600}>{file?.name}</Text>
          {trial.error ? <ProblemAlert error={trial.error} /> : null}
          {report ? (
            <>
              <Text data-testid="roster-summary">
                {t("agents.import_summary", {
                  created: report.created.length,
                  changed: report.changed.length,
                  unchanged: report.unchanged,
                  errors: report.errors.length,
                })}
              </Text>
              {report.errors.length > 0 ? (
                <ul className={classes.errors}>
                  {report.errors.map((error) => (
                    <li key={`${error.line}-${error.column}`}>{t("agents.import_line", { ...error })}</li>
                  ))}
                </ul>
              ) : null}
              {report.missing.length > 0 ? (
                <Text size="sm" c="dimmed">
                  {t("agents.import_missing", { names: report.missing.join(", ") })}
                </Text>
              ) : null}
            </>
          ) : null}
          {application.error ? <ProblemAlert error={application.error} /> : null}
          <Group justify="end">
            <Button variant="default" onClick={() => setFile(null)}>
              {t("agents.import_cancel")}
            </Button>
            <Button
              disabled={!writes}
              loading={trial.isPending || application.isPending}
              onClick={() => file && apply(file)}
            >
              {t("agents.import_apply")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
