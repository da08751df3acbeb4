import { Alert, Button, Paper, Stack, Text, Title } from "@mantine/core";
import { IconLogin2 } from "@tabler/icons-react";
import { useEffect } from "react";
import { Navigate, useSearchParams } from "react-router";
import { loginUrl } from "@/api/access";
import { useWhoAmI } from "@/app/session";
import { PageTitle } from "@/design/PageTitle";
import { useI18n } from "@/i18n/I18n";
import { localPath } from "./localPath";

const ASK_AGAIN_MS = 5_000;

/** The way in: the password is typed at the identity provider, never here. */
export function LoginPage() {
  const { t, word } = useI18n();
  const [search] = useSearchParams();
  const { data: me, error, refetch } = useWhoAmI();
  const problem = search.get("erreur");
  const next = localPath(search.get("next"));
  useEffect(() => {
    if (!error) return;
    const timer = setInterval(() => void refetch(), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [error, refetch]);
  if (me) return <Navigate to={next} replace />;
  return (
    <main style={{ display: "grid", placeItems: "center", height: "100%" }}>
      <PageTitle title={t("login.title")} heading={false} />
      <Paper withBorder p="xl" w={400} maw="94vw" bg="dark.6">
        <Stack gap="md">
          <img src="/favicon.svg" alt="" width={44} height={44} />
          <div>
            <Title order={1} size="h2">
              {t("app.name")}
            </Title>
            <Text c="dimmed">{t("app.tagline")}</Text>
          </div>
          <Text>{t("login.intro")}</Text>
          {problem && !error ? (
            <Alert color="red" role="alert" data-testid="login-problem">
              {word("login.problem", problem)}
            </Alert>
          ) : null}
          {error ? (
            <Alert color="yellow" role="status">
              {t("login.unreachable")}
            </Alert>
          ) : null}
          <Button
            size="md"
            component="a"
            href={loginUrl(next)}
            leftSection={<IconLogin2 aria-hidden size={18} />}
            data-testid="login-button"
          >
            {t("login.button")}
          </Button>
        </Stack>
      </Paper>
    </main>
  );
}
