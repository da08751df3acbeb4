import { Button, Code, Text } from "@mantine/core";
import { IconSignature } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type Checkpoint, fetchLastCheckpoint, signCheckpoint } from "@/api/register";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { saveFile } from "./files";
import classes from "./RegisterPage.module.css";

/** The register's signed state: shown when asked (each look is a row), signed anew, handed over to be kept elsewhere. */
export function LastCheckpoint() {
  const { t, locale } = useI18n();
  const looking = useMutation({ mutationFn: fetchLastCheckpoint });
  const signing = useMutation({ mutationFn: signCheckpoint });
  const shown: Checkpoint | null | undefined = signing.data ?? looking.data;
  const error = signing.error ?? looking.error;
  return (
    <div className={classes.check}>
      {shown ? (
        <Text size="sm" className={classes.told ?? ""} data-testid="register-checkpoint">
          {t("register.checkpoint", { size: shown.size, date: formatDateTime(shown.signed_at, locale) })}{" "}
          <Code>{shown.root_hash.slice(0, 16)}…</Code>{" "}
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => saveFile(`point-de-controle-${shown.size}.note`, new Blob([shown.note]))}
          >
            {t("register.checkpoint_save")}
          </Button>
        </Text>
      ) : (
        <Button variant="subtle" color="gray" loading={looking.isPending} onClick={() => looking.mutate()}>
          {t("register.checkpoint_show")}
        </Button>
      )}
      {error ? (
        <div className={classes.told}>
          <ProblemAlert error={error} />
        </div>
      ) : null}
      <Button
        variant="default"
        loading={signing.isPending}
        leftSection={<IconSignature aria-hidden size={16} />}
        onClick={() => signing.mutate()}
        data-testid="register-sign"
      >
        {t("register.checkpoint_sign")}
      </Button>
    </div>
  );
}
