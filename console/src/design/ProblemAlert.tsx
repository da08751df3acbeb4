import { Alert, Button, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { asProblem, isRestarting, UNREACHABLE } from "@/api/problem";
import { useI18n } from "@/i18n/I18n";

interface ProblemAlertProps {
  error: unknown;
  onRetry?: () => void;
  /** For a narrow place: without title and icon. */
  compact?: boolean;
}

/** A problem below the fold of a long form is no news: it comes into view by itself. */
function intoView(alert: HTMLElement | null): void {
  alert?.scrollIntoView({ block: "nearest" });
}

/** A problem told to a person: what, what to do, and for a refusal the rule and its source. */
export function ProblemAlert({ error, onRetry, compact = false }: ProblemAlertProps) {
  const { t } = useI18n();
  const problem = asProblem(error);
  const [title, detail] =
    problem.status === UNREACHABLE
      ? [t("problem.unreachable"), t("problem.unreachable_detail")]
      : isRestarting(problem)
        ? [t("problem.restarting"), t("problem.restarting_detail")]
        : [problem.title || t("problem.title"), problem.detail];
  return (
    <Alert
      ref={intoView}
      color="red"
      variant="light"
      icon={compact ? null : <IconAlertTriangle aria-hidden size={18} />}
      title={compact ? null : title}
      p={compact ? 6 : "md"}
      role="alert"
      data-testid="problem"
    >
      <Text size={compact ? "xs" : "sm"}>{detail || title}</Text>
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
