import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { PushBadge } from "@/design/PushBadge";
import { useI18n } from "@/i18n/I18n";
import { IncidentDetail } from "./IncidentDetail";
import { IncidentQueue } from "./IncidentQueue";
import classes from "./IncidentsPage.module.css";
import { useIncidentPush } from "./queries";

/** Queue at the left, the chosen incident at the right; the address holds which one. */
export function IncidentsPage() {
  const { t } = useI18n();
  const { incidentId } = useParams();
  const navigate = useNavigate();
  const [scope, setScope] = useState("open");
  const lines = useIncidentPush();
  return (
    <div className={classes.page} data-detail={incidentId ? "open" : "none"}>
      <PageTitle title={t("incident.title")} />
      <Panel
        title={t("incident.queue")}
        className={classes.queue}
        aside={
          <>
            <PushBadge states={lines} />
            <SegmentedControl
              size="xs"
              aria-label={t("incident.scope")}
              value={scope}
              onChange={setScope}
              data={[
                { value: "open", label: t("incident.open_only") },
                { value: "all", label: t("incident.all") },
              ]}
            />
          </>
        }
      >
        <IncidentQueue
          open={scope === "open"}
          selected={incidentId ?? null}
          onSelect={(id) => void navigate(`/incidents/${id}`)}
        />
      </Panel>
      <div className={classes.detail}>
        {incidentId ? (
          <IncidentDetail key={incidentId} incidentId={incidentId} />
        ) : (
          <Empty title={t("incident.select")} />
        )}
      </div>
    </div>
  );
}
