import { CloseButton, SegmentedControl, Text, TextInput } from "@mantine/core";
import { IconArrowsMove, IconSearch } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type RefObject,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Camera } from "@/api/registry";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot } from "@/design/StateDot";
import { useI18n } from "@/i18n/I18n";
import classes from "./CameraList.module.css";
import { search, searchable } from "./search";
import { byUsefulness, cameraState, TONE_OF_STATE } from "./state";
import { useCameras } from "./useCameras";

const ROW_HEIGHT = 44;

interface CameraListProps {
  selected: readonly string[];
  onChoose: (camera: Camera) => void;
  className?: string;
}

/** Searchable list of every visible camera. Arrows move from the search field through the rows; Enter chooses. */
export function CameraList({ selected, onChoose, className }: CameraListProps) {
  const { t, word } = useI18n();
  const { cameras, error, refetch } = useCameras();
  const [typed, setTyped] = useState("");
  const [filter, setFilter] = useState("all");
  const query = useDeferredValue(typed);
  const field = useRef<HTMLInputElement>(null);
  const scroller = useRef<HTMLDivElement>(null);

  const index = useMemo(() => (cameras ?? []).toSorted(byUsefulness).map(searchable), [cameras]);
  const found = useMemo(() => {
    const kept = filter === "live" ? index.filter(({ camera }) => camera.has_stream) : index;
    return search(kept, query);
  }, [index, query, filter]);

  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });

  useSlashFocuses(field);

  const focusRow = (position: number) => {
    if (position < 0) {
      field.current?.focus();
      return;
    }
    if (position >= found.length) return;
    rows.scrollToIndex(position);
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-position="${position}"]`)?.focus();
    });
  };
  const onRowKey = (event: KeyboardEvent, position: number) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    focusRow(step > 0 ? Math.min(found.length - 1, position + step) : Math.max(-1, position + step));
  };

  const total = cameras?.length ?? 0;
  return (
    <Panel
      title={t("camera.list")}
      className={className}
      aside={
        <Text size="xs" c="dimmed" role="status">
          {cameras ? t("camera.count", { shown: found.length, total }) : t("app.loading")}
        </Text>
      }
    >
      <div className={classes.tools}>
        <TextInput
          ref={field}
          type="search"
          aria-label={t("camera.search")}
          placeholder={t("camera.search_placeholder")}
          leftSection={<IconSearch aria-hidden size={15} />}
          rightSection={
            typed ? (
              <CloseButton size="sm" aria-label={t("register.clear")} onClick={() => setTyped("")} />
            ) : null
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") {
              event.preventDefault();
              focusRow(0);
            }
            const first = found[0];
            if (event.key === "Enter" && first && typed !== "") onChoose(first);
          }}
          data-testid="camera-search"
        />
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("camera.filter")}
          value={filter}
          onChange={setFilter}
          data={[
            { value: "all", label: t("camera.filter.all") },
            { value: "live", label: t("camera.filter.live") },
          ]}
        />
      </div>
      {error ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      <div ref={scroller} className={classes.scroller}>
        {cameras && found.length === 0 ? (
          <Empty title={total === 0 ? t("camera.none_at_all") : t("camera.none")} />
        ) : null}
        <ul className={classes.list} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const camera = found[row.index];
            if (!camera) return null;
            const state = cameraState(camera);
            return (
              <li
                key={camera.camera_id}
                className={classes.item}
                style={{ height: row.size, transform: `translateY(${row.start}px)` }}
                aria-setsize={found.length}
                aria-posinset={row.index + 1}
              >
                <button
                  type="button"
                  className={classes.row}
                  aria-pressed={selected.includes(camera.camera_id)}
                  data-position={row.index}
                  data-testid={`camera-row-${camera.camera_id}`}
                  onClick={() => onChoose(camera)}
                  onKeyDown={(event) => onRowKey(event, row.index)}
                >
                  <StateDot tone={TONE_OF_STATE[state]} label={word("camera.state", state)} />
                  <span className={classes.words}>
                    <span className={classes.label}>{camera.label}</span>
                    <span className={classes.place}>
                      {camera.code} · {camera.commune}
                    </span>
                  </span>
                  {camera.has_ptz ? (
                    <IconArrowsMove size={14} aria-label={t("camera.ptz")} className={classes.mark ?? ""} />
                  ) : null}
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </Panel>
  );
}

/** "/" jumps to the search field from anywhere but another field. */
function useSlashFocuses(field: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (event.key !== "/" || target?.closest("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [field]);
}
