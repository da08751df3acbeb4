import { Select, Skeleton, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useCameras } from "@/cameras/useCameras";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { FreshBadge } from "./FreshBadge";
import { EVERY_MS, useRecorders } from "./queries";
import { RecorderList } from "./RecorderList";
import classes from "./RecordingPage.module.css";
import {
  NARROW,
  NO_FILTER,
  newestReport,
  OTHERWISE,
  type RecorderFilter,
  recorderLines,
  TROUBLES,
} from "./troubles";

/** How each camera is recorded now, what needs a look first. */
export function RecordersPanel() {
  const { t } = useI18n();
  const { byId } = useCameras();
  const { data, error, refetch, dataUpdatedAt } = useRecorders();
  const [filter, setFilter] = useState<RecorderFilter>(NO_FILTER);
  const at = useMemo(() => newestReport(data ?? []), [data]);
  const lines = useMemo(
    () => recorderLines(data ?? [], (id) => byId.get(id)?.label ?? id, filter, at),
    [data, byId, filter, at],
  );
  const nodes = useMemo(() => [...new Set((data ?? []).map(({ node_id }) => node_id))].sort(), [data]);
  const change = (next: Partial<RecorderFilter>) => setFilter({ ...filter, ...next });
  return (
    <Panel
      title={t("recording.recorders")}
      aside={<FreshBadge updatedAt={dataUpdatedAt} everyMs={EVERY_MS} />}
      className={classes.recorders}
    >
      <div className={classes.filters}>
        <TextInput
          type="search"
          aria-label={t("recording.search")}
          placeholder={t("recording.search")}
          leftSection={<IconSearch aria-hidden size={15} />}
          value={filter.text}
          onChange={(event) => change({ text: event.currentTarget.value })}
          data-testid="recorder-search"
        />
        <Select
          aria-label={t("recording.trouble")}
          placeholder={t("recording.trouble")}
          clearable
          data={[
            { value: "any", label: t("recording.any_trouble") },
            ...TROUBLES.map((value) => ({ value, label: t(`recording.trouble.${value}`) })),
          ]}
          value={filter.trouble}
          onChange={(trouble) => change({ trouble: trouble as RecorderFilter["trouble"] })}
          data-testid="recorder-trouble"
        />
        <Select
          aria-label={t("recording.node_node")}
          placeholder={t("recording.node_node")}
          clearable
          data={nodes}
          value={filter.node}
          onChange={(node) => change({ node })}
        />
        <span className={classes.minor} role="status">
          {t("recording.shown", { shown: lines.length, total: data?.length ?? 0 })}
        </span>
      </div>
      <p className={classes.law}>
        {t("recording.law", {
          narrow: `${NARROW.width} × ${NARROW.height}, ${NARROW.fps}`,
          otherwise: `${OTHERWISE.width} × ${OTHERWISE.height}, ${OTHERWISE.fps}`,
        })}
      </p>
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {data || error ? null : <Skeleton h={160} m="sm" />}
      {data ? <RecorderList lines={lines} at={at} none={data.length === 0} /> : null}
    </Panel>
  );
}
