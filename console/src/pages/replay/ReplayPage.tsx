import { Button } from "@mantine/core";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useCameras } from "@/cameras/useCameras";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import type { Opening, Refusal } from "./outcome";
import { ReplayForm } from "./ReplayForm";
import classes from "./ReplayPage.module.css";
import { ReplayRoom } from "./ReplayRoom";

const NOTHING: Opening = { opened: [], refused: [] };

/** Replay is a mode of its own: asked for with a motive, open for one window, closed by hand or by time. */
export function ReplayPage() {
  const { t, locale } = useI18n();
  const [search] = useSearchParams();
  const [opening, setOpening] = useState(NOTHING);
  const { opened, refused } = opening;
  const first = opened[0];
  return (
    <div className={classes.page}>
      <PageTitle title={t("replay.title")} />
      <div className={classes.side}>
        {first ? (
          <Panel title={t("replay.title")}>
            <div className={classes.form}>
              <span>
                {t("replay.window", {
                  from: formatDateTime(first.starts_at, locale),
                  to: formatDateTime(first.ends_at, locale),
                })}
              </span>
              <Button variant="default" onClick={() => setOpening(NOTHING)} data-testid="replay-close">
                {t("replay.close")}
              </Button>
              <Refusals refused={refused} />
            </div>
          </Panel>
        ) : (
          <ReplayForm onOpened={setOpening} />
        )}
      </div>
      {first ? (
        <ReplayRoom key={first.replay_id} replays={opened} incidentId={search.get("incident")} />
      ) : (
        <Empty title={t("replay.choose")} hint={t("replay.intro")} />
      )}
    </div>
  );
}

/** The cameras of the demand that are not shown, and why. */
function Refusals({ refused }: { refused: Refusal[] }) {
  const { byId } = useCameras();
  return refused.map(({ cameraId, reason }) => (
    <div key={cameraId}>
      <strong>{byId.get(cameraId)?.label ?? cameraId}</strong>
      <ProblemAlert error={reason} compact />
    </div>
  ));
}
