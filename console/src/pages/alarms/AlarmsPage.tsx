import { can, useMe } from "@/app/session";
import { PageTitle } from "@/design/PageTitle";
import { Panel } from "@/design/Panel";
import { PushBadge } from "@/design/PushBadge";
import { useI18n } from "@/i18n/I18n";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";
import classes from "./AlarmsPage.module.css";
import { AlarmTable } from "./AlarmTable";
import { Buttons } from "./Buttons";

export const ALARMS = ["alarms"] as const;

/** What was reported, as it is reported; and, for who configures, the buttons that report. */
export function AlarmsPage() {
  const { t } = useI18n();
  const me = useMe();
  const refresh = useRefresh(ALARMS);
  const line = useLive("registry", {
    onFact: (fact) => {
      if (fact === "alarm_raised") refresh();
    },
    onGap: refresh,
  });
  return (
    <div className={classes.page}>
      <PageTitle title={t("alarms.title")} />
      <Panel title={t("alarms.list")} aside={<PushBadge states={[line]} />} className={classes.panel}>
        <AlarmTable />
      </Panel>
      {can(me, "configure") ? (
        <Panel title={t("buttons.list")} className={classes.panel}>
          <Buttons />
        </Panel>
      ) : null}
    </div>
  );
}
