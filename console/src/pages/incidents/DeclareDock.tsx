import { Alert, Anchor, CloseButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "react-router";
import type { Incident } from "@/api/incident";
import { useI18n } from "@/i18n/I18n";
import classes from "./DeclareDock.module.css";
import { useDeclare } from "./declare";
import { IncidentDetail } from "./IncidentDetail";
import { IncidentForm } from "./IncidentForm";
import { useIncidentPush } from "./queries";

/**
 * The form beside the page, not over it: the operator keeps the live picture while writing.
 * Once declared, the dock shows the incident, so that partners are warned without leaving the picture.
 */
export function DeclareDock() {
  const { t } = useI18n();
  const { prefill, close } = useDeclare();
  const { pathname } = useLocation();
  const [declared, setDeclared] = useState<Incident | null>(null);

  useEffect(() => {
    if (prefill) setDeclared(null);
  }, [prefill]);
  const done = useRef(false);
  done.current = declared !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: on another page a half-written form stays, a finished one goes
  useEffect(() => {
    if (done.current) close();
  }, [pathname]);

  if (!prefill) return null;
  return (
    <aside
      className={classes.dock}
      aria-label={t("form.title")}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) close();
      }}
    >
      <header className={classes.head}>
        <h2>{declared ? t("incident.number", { number: declared.number }) : t("form.title")}</h2>
        <CloseButton aria-label={t("form.close")} onClick={close} />
      </header>
      <div className={classes.body}>
        {declared ? (
          <Declared incident={declared} />
        ) : (
          <IncidentForm
            key={prefill.cameraIds.join()}
            cameraIds={prefill.cameraIds}
            onDeclared={setDeclared}
            onCancel={close}
          />
        )}
      </div>
    </aside>
  );
}

/** The declared incident, kept in step by push whatever page lies beside it. */
function Declared({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  useIncidentPush();
  return (
    <>
      <Alert
        color="teal"
        role="status"
        icon={<IconCheck aria-hidden />}
        title={t("form.done", { number: incident.number })}
        mb="md"
      >
        {t("form.done_detail")}{" "}
        <Anchor component={Link} to={`/incidents/${incident.incident_id}`} size="sm">
          {t("form.open_detail")}
        </Anchor>
      </Alert>
      <IncidentDetail incidentId={incident.incident_id} compact />
    </>
  );
}
