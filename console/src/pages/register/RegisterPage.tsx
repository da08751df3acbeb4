import { Button, Skeleton, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { fetchRegister, type RegisterFilter, type RegisterRow } from "@/api/access";
import { can, useMe } from "@/app/session";
import { PageTitle } from "@/design/PageTitle";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { parisToUtc } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { ChainCheck } from "./ChainCheck";
import { ExportDialog } from "./ExportDialog";
import { LastCheckpoint } from "./LastCheckpoint";
import { NO_QUESTION, type Question, RegisterFilters } from "./RegisterFilters";
import classes from "./RegisterPage.module.css";
import { RegisterTable } from "./RegisterTable";
import { RowDetail } from "./RowDetail";

const TYPING_MS = 600;

function filterOf(question: Question): RegisterFilter {
  return { ...question, from: parisToUtc(question.from), to: parisToUtc(question.to) };
}

/** The statutory register, read by its four questions: quelle caméra, quand, par qui, pourquoi. */
export function RegisterPage() {
  const { t } = useI18n();
  const me = useMe();
  const [question, setQuestion] = useState<Question>(NO_QUESTION);
  // Reading the register is itself a line of the register: ask when the typing is done.
  const [asked] = useDebouncedValue(question, TYPING_MS);
  const filter = filterOf(asked);
  const reads = can(me, "read_register");
  const { data, error, isPending, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["register", filter],
    queryFn: ({ pageParam }) => fetchRegister(filter, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor ?? null,
    enabled: reads,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (previous) => previous,
  });
  const rows = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const [shown, setShown] = useState<RegisterRow | null>(null);
  return (
    <div className={classes.page}>
      <PageTitle title={t("register.title")} heading={false} />
      <header className={classes.head}>
        <div>
          <Title order={1} size="h3">
            {t("register.title")}
          </Title>
          <Text size="sm" c="dimmed">
            {t("register.intro")}
          </Text>
        </div>
        <div className={classes.tools}>
          {can(me, "verify_register") ? <LastCheckpoint /> : null}
          {can(me, "verify_register") ? <ChainCheck /> : null}
          {reads ? <ExportDialog filter={filter} /> : null}
        </div>
      </header>
      {reads ? (
        <>
          <RegisterFilters question={question} rows={rows} onChange={setQuestion} />
          {error ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
          <div className={classes.scroller} aria-busy={isFetching}>
            {isPending ? (
              <Skeleton h={200} animate={false} />
            ) : (
              <RegisterTable rows={rows} onShow={setShown} />
            )}
            {!isPending && rows.length === 0 ? <Empty title={t("register.none")} /> : null}
            {hasNextPage ? (
              <Button m="sm" variant="default" loading={isFetching} onClick={() => void fetchNextPage()}>
                {t("register.more")}
              </Button>
            ) : null}
          </div>
          {shown ? <RowDetail key={shown.seq} row={shown} onClose={() => setShown(null)} /> : null}
        </>
      ) : (
        <Empty title={t("register.verifies_only")} hint={t("register.verifies_only_hint")} />
      )}
    </div>
  );
}
