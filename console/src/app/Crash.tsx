import { Button, Stack, Text, Title } from "@mantine/core";
import { useRouteError } from "react-router";
import { Empty } from "@/design/Panel";
import { useI18n } from "@/i18n/I18n";

/** A screen that failed, without taking the rest of the console along. */
export function Crash() {
  const { t } = useI18n();
  const error = useRouteError();
  return (
    <Stack align="center" justify="center" h="100%" role="alert">
      <Title order={2}>{t("app.crash")}</Title>
      <Text c="dimmed">{error instanceof Error ? error.message : null}</Text>
      <Button onClick={() => window.location.reload()}>{t("app.reload")}</Button>
    </Stack>
  );
}

export function NotFound() {
  const { t } = useI18n();
  return <Empty title={t("app.notfound")} />;
}
