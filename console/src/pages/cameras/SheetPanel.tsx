import { Badge, CloseButton, Skeleton, Tabs } from "@mantine/core";
import { can, useMe } from "@/app/session";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { IdentityTab } from "./IdentityTab";
import { PlacementsTab } from "./PlacementsTab";
import { PlaceTab } from "./PlaceTab";
import { PresetsTab } from "./PresetsTab";
import { useSheet } from "./queries";
import { StreamsTab } from "./StreamsTab";
import { TicketsTab } from "./TicketsTab";

/** The sheet of one camera, in tabs; who may not configure reads it. */
export function SheetPanel({ cameraId, onClose }: { cameraId: string; onClose: () => void }) {
  const { t } = useI18n();
  const me = useMe();
  const configures = can(me, "configure");
  const { data: sheet, error, refetch } = useSheet(cameraId);
  const aside = (
    <>
      {sheet ? (
        <Badge color={sheet.masks_signed ? "teal" : "orange"} variant="light">
          {t(sheet.masks_signed ? "fleet.masks_signed" : "fleet.masks_missing")}
        </Badge>
      ) : null}
      <CloseButton aria-label={t("fleet.close")} onClick={onClose} />
    </>
  );
  return (
    <Panel
      title={sheet ? t("fleet.sheet", { label: sheet.label }) : cameraId}
      aside={aside}
      className={classes.sheet}
    >
      {error && !sheet ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {!sheet && !error ? <Skeleton h={240} m="sm" animate={false} /> : null}
      {sheet ? (
        <Tabs defaultValue="identity" className={classes.scroller ?? ""} keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="identity">{t("fleet.identity")}</Tabs.Tab>
            <Tabs.Tab value="place">{t("fleet.place")}</Tabs.Tab>
            <Tabs.Tab value="streams">{t("fleet.streams")}</Tabs.Tab>
            {sheet.has_ptz ? <Tabs.Tab value="presets">{t("fleet.presets")}</Tabs.Tab> : null}
            {sheet.kind === "nomade" ? <Tabs.Tab value="placements">{t("fleet.placements")}</Tabs.Tab> : null}
            {can(me, "supervise") ? <Tabs.Tab value="tickets">{t("fleet.tickets")}</Tabs.Tab> : null}
          </Tabs.List>
          <Tabs.Panel value="identity">
            <IdentityTab key={sheet.revision} sheet={sheet} configures={configures} />
          </Tabs.Panel>
          <Tabs.Panel value="place">
            <PlaceTab key={sheet.revision} sheet={sheet} configures={configures} />
          </Tabs.Panel>
          <Tabs.Panel value="streams">
            <StreamsTab key={sheet.revision} sheet={sheet} configures={configures} />
          </Tabs.Panel>
          <Tabs.Panel value="presets">
            <PresetsTab cameraId={sheet.camera_id} configures={configures} />
          </Tabs.Panel>
          <Tabs.Panel value="placements">
            <PlacementsTab sheet={sheet} configures={configures} />
          </Tabs.Panel>
          <Tabs.Panel value="tickets">
            <TicketsTab cameraId={sheet.camera_id} insee={sheet.insee} />
          </Tabs.Panel>
        </Tabs>
      ) : null}
    </Panel>
  );
}
