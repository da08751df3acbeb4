import { Button, Skeleton, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { can, useMe } from "@/app/session";
import { useCameraPush, useCameras } from "@/cameras/useCameras";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { PushBadge } from "@/design/PushBadge";
import { useNow } from "@/design/useNow";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { FleetFilters } from "./FleetFilters";
import { FleetList } from "./FleetList";
import { filtered, NO_FILTER } from "./fleetFilter";
import { NewCameraForm } from "./NewCameraForm";
import { SheetPanel } from "./SheetPanel";

const A_MINUTE = 60_000;

/** Every camera of the agent's communes with what is wrong with it; the sheet of the chosen one beside. */
export function CamerasPage() {
  const { t } = useI18n();
  const configures = can(useMe(), "configure");
  const { cameras, error, refetch } = useCameras();
  const line = useCameraPush();
  const [filter, setFilter] = useState(NO_FILTER);
  const asked = useDeferredValue(filter);
  const [search, setSearch] = useSearchParams();
  const [creating, setCreating] = useState(false);
  const minute = Math.floor(useNow() / A_MINUTE);
  const now = useMemo(() => new Date(minute * A_MINUTE), [minute]);
  const found = useMemo(() => filtered(cameras ?? [], asked, now), [cameras, asked, now]);
  const chosenId = search.get("camera");
  const choose = (cameraId: string | null) => setSearch(cameraId ? { camera: cameraId } : {});
  const aside = (
    <>
      <Text size="xs" c="dimmed" role="status">
        {cameras ? t("camera.count", { shown: found.length, total: cameras.length }) : t("app.loading")}
      </Text>
      {configures ? (
        <Button
          size="xs"
          leftSection={<IconPlus aria-hidden size={16} />}
          onClick={() => setCreating(true)}
          data-testid="fleet-new"
        >
          {t("fleet.new")}
        </Button>
      ) : null}
      <PushBadge states={[line]} />
    </>
  );
  return (
    <div className={classes.page}>
      <PageTitle title={t("fleet.title")} />
      <Panel title={t("fleet.list")} aside={aside} className={classes.list}>
        <FleetFilters filter={filter} onChange={setFilter} />
        {error && !cameras ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
        {!cameras && !error ? <Skeleton h={200} m="sm" animate={false} /> : null}
        {cameras ? <FleetList cameras={found} chosenId={chosenId} now={now} onChoose={choose} /> : null}
      </Panel>
      {chosenId ? (
        <SheetPanel key={chosenId} cameraId={chosenId} onClose={() => choose(null)} />
      ) : (
        <Panel title={t("fleet.choose")} className={classes.sheet}>
          <Empty title={t("fleet.choose")} hint={t("fleet.choose_hint")} />
        </Panel>
      )}
      {creating ? (
        <NewCameraForm
          onClose={() => setCreating(false)}
          onCreated={(cameraId) => {
            setCreating(false);
            choose(cameraId);
          }}
        />
      ) : null}
    </div>
  );
}
