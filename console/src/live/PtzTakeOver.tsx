import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { takePtz } from "@/api/ptz";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useOneAtATime } from "@/design/useOneAtATime";
import { useI18n } from "@/i18n/I18n";

const SHORTEST_MOTIVE = 5;
const LONGEST_MOTIVE = 300;

interface PtzTakeOverProps {
  cameraId: string;
  holderName: string;
  onClose: () => void;
  onTaken: () => void;
}

/** Confirms a take-over and asks why: both are kept in the register before the camera stops. */
export function PtzTakeOver({ cameraId, holderName, onClose, onTaken }: PtzTakeOverProps) {
  const { t } = useI18n();
  const [motive, setMotive] = useState("");
  const taking = useMutation({
    mutationFn: () => takePtz(cameraId, motive.trim()),
    onSuccess: onClose,
    onSettled: onTaken,
  });
  const take = useOneAtATime(taking);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take();
  };
  return (
    <Modal opened onClose={onClose} title={t("ptz.take_title", { name: holderName })}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">{t("ptz.take_intro", { name: holderName })}</Text>
          <Textarea
            label={t("ptz.take_motive")}
            data-autofocus
            required
            minLength={SHORTEST_MOTIVE}
            maxLength={LONGEST_MOTIVE}
            value={motive}
            onChange={(event) => setMotive(event.currentTarget.value)}
            data-testid="ptz-motive"
          />
          {taking.error ? <ProblemAlert error={taking.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("ptz.take_cancel")}
            </Button>
            <Button
              type="submit"
              color="yellow"
              loading={taking.isPending}
              disabled={motive.trim().length < SHORTEST_MOTIVE}
              data-testid="ptz-take-confirm"
            >
              {t("ptz.take_confirm")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
