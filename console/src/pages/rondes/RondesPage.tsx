import { PageTitle } from "@/design/PageTitle";
import { Panel } from "@/design/Panel";
import { PushBadge } from "@/design/PushBadge";
import { useI18n } from "@/i18n/I18n";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";
import { Definitions } from "./Definitions";
import { EndedRuns } from "./EndedRuns";
import { OpenRuns } from "./OpenRuns";
import { RUNS } from "./queries";
import classes from "./RondesPage.module.css";

/** Rondes under way, those defined, and the result sheets. The server carries them out; this page only follows. */
export function RondesPage() {
  const { t } = useI18n();
  const refresh = useRefresh(RUNS);
  const line = useLive("stream", {
    onFact: (fact) => {
      if (fact.startsWith("ronde_")) refresh();
    },
    onGap: refresh,
  });
  return (
    <div className={classes.page}>
      <PageTitle title={t("rondes.title")} />
      <Panel title={t("rondes.follow")} aside={<PushBadge states={[line]} />} className={classes.panel}>
        <OpenRuns />
      </Panel>
      <Panel title={t("rondes.defined")} className={classes.panel}>
        <Definitions />
      </Panel>
      <Panel title={t("rondes.results")} className={classes.panel}>
        <EndedRuns />
      </Panel>
    </div>
  );
}
