import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import type { ImportReport } from "@/api/imports";
import { useI18n } from "@/i18n/I18n";
import { IssueTable } from "./IssueTable";

/** Step 4: what was written. */
export function DoneStep({ report, onAgain }: { report: ImportReport; onAgain: () => void }) {
  const { t } = useI18n();
  const { created, changed, unchanged, invalid } = report;
  return (
    <Stack gap="md" data-testid="import-done">
      <Title order={3} size="h4">
        {t("import.done")}
      </Title>
      <Text>{t("import.done_text", { created, changed, unchanged })}</Text>
      {invalid > 0 ? <Text>{t("import.done_refused", { invalid })}</Text> : null}
      {invalid > 0 ? <IssueTable issues={report.errors} /> : null}
      <Group>
        <Button component={Link} to="/parc/cameras">
          {t("import.see")}
        </Button>
        <Button variant="default" onClick={onAgain}>
          {t("import.again")}
        </Button>
      </Group>
    </Stack>
  );
}
