import { Alert, Button, Code } from "@mantine/core";
import { IconLinkOff, IconShieldCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type Verification, verifyRegister } from "@/api/access";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./RegisterPage.module.css";

/** Asks the server to walk the whole hash chain, and shows what it found. */
export function ChainCheck() {
  const { t } = useI18n();
  const check = useMutation({ mutationFn: verifyRegister });
  return (
    <div className={classes.check}>
      <div aria-live="polite" className={classes.told}>
        {check.data ? <Finding found={check.data} /> : null}
        {check.error ? <ProblemAlert error={check.error} /> : null}
      </div>
      <Button
        variant="default"
        loading={check.isPending}
        leftSection={<IconShieldCheck aria-hidden size={16} />}
        onClick={() => check.mutate()}
        data-testid="register-verify"
      >
        {t("register.verify")}
      </Button>
    </div>
  );
}

function Finding({ found }: { found: Verification }) {
  const { t, word, locale } = useI18n();
  return (
    <Alert
      color={found.valid ? "teal" : "red"}
      icon={found.valid ? <IconShieldCheck aria-hidden /> : <IconLinkOff aria-hidden />}
      title={found.valid ? t("register.valid") : t("register.invalid")}
      py={6}
      data-testid="register-verification"
      data-valid={found.valid}
    >
      {found.valid ? (
        <>
          {t("register.valid_detail", {
            entries: found.entries,
            date: formatDateTime(found.checked_at, locale),
            checkpoints: found.checkpoints,
            hash: "",
          })}
          <Code>{found.head_hash.slice(0, 16)}…</Code>
        </>
      ) : (
        t("register.invalid_detail", {
          seq: found.first_bad_seq ?? "?",
          entries: found.entries,
          fault: word("register.fault", found.fault ?? ""),
        })
      )}
    </Alert>
  );
}
