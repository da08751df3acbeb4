import { Button, Modal, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { IconFileZip } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { RegisterFilter } from "@/api/access";
import { exportRegister } from "@/api/register";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { saveFile } from "./files";

const SHORTEST_MOTIVE = 10;

/** Asks why, then downloads the rows of the present filters as an archive that verifies itself. */
export function ExportDialog({ filter }: { filter: RegisterFilter }) {
  const { t } = useI18n();
  const [opened, setOpened] = useState(false);
  const [format, setFormat] = useState<"csv" | "json">("csv");
  const [motive, setMotive] = useState("");
  const sending = useMutation({
    mutationFn: () => exportRegister(filter, format, motive),
    onSuccess: (archive) => {
      saveFile(`registre-${new Date().toISOString().slice(0, 10)}.zip`, archive);
      setOpened(false);
      setMotive("");
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconFileZip aria-hidden size={16} />}
        onClick={() => setOpened(true)}
        data-testid="register-export"
      >
        {t("register.export")}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={t("register.export")}>
        <form onSubmit={send}>
          <Stack gap="sm">
            <Text size="sm">{t("register.export_intro")}</Text>
            <SegmentedControl
              data={[
                { value: "csv", label: "CSV" },
                { value: "json", label: "JSON" },
              ]}
              value={format}
              onChange={(value) => setFormat(value === "json" ? "json" : "csv")}
            />
            <Textarea
              label={t("register.export_motive")}
              description={t("register.export_motive_hint")}
              value={motive}
              onChange={(event) => setMotive(event.currentTarget.value)}
              maxLength={500}
              required
              autosize
              minRows={2}
              data-testid="register-export-motive"
            />
            {sending.error ? <ProblemAlert error={sending.error} /> : null}
            <Button
              type="submit"
              loading={sending.isPending}
              disabled={motive.trim().length < SHORTEST_MOTIVE}
              data-testid="register-export-send"
            >
              {t("register.export_send")}
            </Button>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
