import { Button, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { can, useMe } from "@/app/session";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { PushBadge } from "@/design/PushBadge";
import { useI18n } from "@/i18n/I18n";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";
import { ArreteDetail } from "./ArreteDetail";
import { ArreteForm } from "./ArreteForm";
import classes from "./ArretesPage.module.css";
import { ArreteTable } from "./ArreteTable";
import { ARRETES, useArretes } from "./queries";

const TOLD = new Set(["authorisation_recorded", "authorisation_warning"]);

/** Prefectoral authorisations: how each one stands, what it says, its scan, its ground, its renewal. */
export function ArretesPage() {
  const { t } = useI18n();
  const manages = can(useMe(), "manage_authorisations");
  const { data, error, refetch } = useArretes();
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [edited, setEdited] = useState<"new" | "chosen" | null>(null);
  const refresh = useRefresh(ARRETES);
  const line = useLive("registry", {
    onFact: (fact) => {
      if (TOLD.has(fact)) refresh();
    },
    onGap: refresh,
  });
  const chosen = data?.find((one) => one.authorisation_id === chosenId) ?? data?.[0] ?? null;
  const aside = (
    <>
      {manages ? (
        <Button
          size="xs"
          leftSection={<IconPlus aria-hidden size={16} />}
          onClick={() => setEdited("new")}
          data-testid="arrete-new"
        >
          {t("arretes.new")}
        </Button>
      ) : null}
      <PushBadge states={[line]} />
    </>
  );
  return (
    <div className={classes.page}>
      <PageTitle title={t("arretes.title")} />
      <Panel title={t("arretes.title")} aside={aside} className={classes.list}>
        {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
        {!data && !error ? <Skeleton h={160} m="sm" animate={false} /> : null}
        {data?.length === 0 ? <Empty title={t("arretes.none")} hint={t("arretes.none_hint")} /> : null}
        {data && data.length > 0 ? (
          <ArreteTable arretes={data} chosenId={chosen?.authorisation_id ?? null} onChoose={setChosenId} />
        ) : null}
      </Panel>
      {chosen ? (
        <ArreteDetail
          key={chosen.authorisation_id}
          arrete={chosen}
          arretes={data ?? []}
          onEdit={manages ? () => setEdited("chosen") : null}
        />
      ) : null}
      {edited ? (
        <ArreteForm
          arrete={edited === "chosen" ? chosen : null}
          onClose={() => setEdited(null)}
          onSaved={(saved) => {
            setChosenId(saved.authorisation_id);
            setEdited(null);
            refresh();
          }}
        />
      ) : null}
    </div>
  );
}
