import { can, useMe } from "@/app/session";
import { PageTitle } from "@/design/PageTitle";
import { Panel } from "@/design/Panel";
import { PushBadge } from "@/design/PushBadge";
import { useI18n } from "@/i18n/I18n";
import { DISPATCHES } from "@/pages/incidents/queries";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";
import { Inbox } from "./Inbox";
import { LastDispatches } from "./LastDispatches";
import classes from "./PartnersPage.module.css";
import { PartnerTable } from "./PartnerTable";

/** For a partner's agents: what they received and its acknowledgement. For the room: partners and channels. */
export function PartnersPage() {
  const { t } = useI18n();
  const me = useMe();
  const receives = can(me, "receive_dispatch");
  const watches = can(me, "view_dispatch") || can(me, "manage_partners");
  const dispatches = useRefresh(DISPATCHES);
  const inbox = useRefresh(["inbox"]);
  const partners = useRefresh(["partners"]);
  const refresh = () => {
    dispatches();
    inbox();
    partners();
  };
  const line = useLive("dispatch", { onFact: refresh, onGap: refresh });
  const badge = <PushBadge states={[line]} />;
  return (
    <div className={classes.page}>
      <PageTitle title={t(receives ? "inbox.title" : "partners.title")} />
      {receives ? (
        <Panel title={t("inbox.title")} aside={badge} className={classes.panel}>
          <Inbox />
        </Panel>
      ) : null}
      {watches ? (
        <>
          <Panel title={t("partners.list")} aside={receives ? null : badge} className={classes.panel}>
            <PartnerTable />
          </Panel>
          <Panel title={t("partners.last")} className={classes.panel}>
            <LastDispatches />
          </Panel>
        </>
      ) : null}
    </div>
  );
}
