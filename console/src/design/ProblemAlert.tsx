import { Alert, Button, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { asProblem, UNREACHABLE } from "@/api/problem";
import { useI18n } from "@/i18n/I18n";

/** A problem told to a person: what, what to do, and for a refusal the rule and its source. */
export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useI18n();
  const problem = asProblem(error);
  const unreachable = problem.status === UNREACHABLE;
  const title = unreachable ? t("problem.unreachable") : problem.title || t("problem.title");
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden size={18} />}
      title={title}
      role="alert"
      data-testid="problem"
    >
      <Text size="sm">{unreachable ? t("problem.unreachable_detail") : problem.detail}</Text>
      {problem.errors?.map((item) => (
        <Text size="sm" key={`${item.field}${item.message}`}>
          {item.field ? `${item.field} : ` : ""}
          {item.message}
        </Text>
      ))}
      {problem.rule ? (
        <Text size="xs" c="dimmed" mt={4}>
          {t("problem.rule")} : {problem.rule}
          {problem.citation ? ` · ${t("problem.citation")} : ${problem.citation}` : ""}
        </Text>
      ) : null}
      {onRetry ? (
        <Button mt="xs" size="xs" variant="default" onClick={onRetry}>
          {t("problem.retry")}
        </Button>
      ) : null}
    </Alert>
  );
}
