import { PageTitle } from "@/design/PageTitle";
import { useI18n } from "@/i18n/I18n";
import { LedgerPanel } from "./LedgerPanel";
import { NodesPanel } from "./NodesPanel";
import { RecordersPanel } from "./RecordersPanel";
import classes from "./RecordingPage.module.css";

/** Which nodes record, how each camera is recorded, and the account of every second of a day. */
export function RecordingPage() {
  const { t } = useI18n();
  return (
    <div className={classes.page} data-testid="recording-page">
      <PageTitle title={t("recording.title")} />
      <NodesPanel />
      <RecordersPanel />
      <LedgerPanel />
    </div>
  );
}
