import { Button } from "@mantine/core";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { closeReplay, type Replay } from "@/api/replay";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { ReplayForm } from "./ReplayForm";
import classes from "./ReplayPage.module.css";
import { ReplayRoom } from "./ReplayRoom";

/** Replay is a mode of its own: asked for with a motive, open for one window, closed by hand or by time. */
export function ReplayPage() {
  const { t, locale } = useI18n();
  const [search] = useSearchParams();
  const [replays, setReplays] = useState<Replay[]>([]);
  const first = replays[0];
  const close = () => {
    for (const { replay_id } of replays) void closeReplay(replay_id).catch(() => undefined);
    setReplays([]);
  };
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
              <Button variant="default" onClick={close} data-testid="replay-close">
                {t("replay.close")}
              </Button>
            </div>
          </Panel>
        ) : (
          <ReplayForm onOpened={setReplays} />
        )}
      </div>
      {first ? (
        <ReplayRoom key={first.replay_id} replays={replays} incidentId={search.get("incident")} />
      ) : (
        <Empty title={t("replay.choose")} hint={t("replay.intro")} />
      )}
    </div>
  );
}
