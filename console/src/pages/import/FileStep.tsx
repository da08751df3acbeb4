import { Button, FileButton, Stack, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useI18n } from "@/i18n/I18n";

const ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xlsm,.ods,.json,.geojson";

/** Step 1: the file. */
export function FileStep({ busy, onChoose }: { busy: boolean; onChoose: (file: File) => void }) {
  const { t } = useI18n();
  return (
    <Stack align="center" gap="sm" py="xl">
      <FileButton
        onChange={(file) => file && onChoose(file)}
        accept={ACCEPTED}
        inputProps={{ "aria-label": t("import.drop") }}
      >
        {(props) => (
          <Button {...props} size="md" loading={busy} leftSection={<IconUpload aria-hidden size={18} />}>
            {t("import.drop")}
          </Button>
        )}
      </FileButton>
      <Text size="sm">{busy ? t("import.reading") : t("import.drop_hint")}</Text>
      <Text size="sm" c="dimmed">
        {t("import.never")}
      </Text>
    </Stack>
  );
}
