import { Badge, SegmentedControl, Skeleton, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { useCameras, useCommunes } from "@/cameras/useCameras";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { CameraMaskWork } from "./CameraMaskWork";
import classes from "./MasksPage.module.css";
import { useReviews, useUnsigned } from "./queries";

type View = "unsigned" | "reviews" | "all";

interface Line {
  camera_id: string;
  label: string;
  detail: string;
}

/** Which cameras masks keep dark, which must be looked at again, and the drawing of one. */
export function MasksPage() {
  const { t } = useI18n();
  const [search, setSearch] = useSearchParams();
  const [view, setView] = useState<View>("unsigned");
  const [typed, setTyped] = useState("");
  const { lines, error, loading, counts } = useLines(view, typed);
  const chosen = search.get("camera");
  const choose = (cameraId: string) => setSearch({ camera: cameraId }, { replace: true });
  return (
    <div className={classes.page}>
      <PageTitle title={t("masks.title")} />
      <Panel
        title={t("masks.cameras")}
        className={classes.list}
        aside={<Badge color={counts.unsigned > 0 ? "orange" : "teal"}>{counts.unsigned}</Badge>}
      >
        <div style={{ padding: "0.6rem", display: "grid", gap: "0.5rem" }}>
          <SegmentedControl
            fullWidth
            size="xs"
            value={view}
            onChange={(next) => setView(next as View)}
            data={[
              { value: "unsigned", label: t("masks.unsigned", { n: counts.unsigned }) },
              { value: "reviews", label: t("masks.reviews", { n: counts.reviews }) },
              { value: "all", label: t("masks.all") },
            ]}
          />
          <TextInput
            size="xs"
            aria-label={t("masks.search")}
            placeholder={t("masks.search")}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        </div>
        {error ? <ProblemAlert error={error} compact /> : null}
        {loading ? <Skeleton h={160} m="sm" /> : null}
        {!loading && lines.length === 0 ? <Empty title={t("masks.none")} /> : null}
        <ul className={classes.rows}>
          {lines.slice(0, 300).map((line) => (
            <li key={line.camera_id}>
              <button
                type="button"
                className={classes.row}
                aria-current={line.camera_id === chosen}
                onClick={() => choose(line.camera_id)}
                data-testid={`masks-camera-${line.camera_id}`}
              >
                <span>
                  {line.label}
                  <span className={classes.minor}>
                    {" "}
                    {line.camera_id}
                    {line.detail ? ` · ${line.detail}` : ""}
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </Panel>
      <div className={classes.work}>
        {chosen ? (
          <CameraMaskWork key={chosen} cameraId={chosen} />
        ) : (
          <Empty title={t("masks.choose")} hint={t("masks.intro")} />
        )}
      </div>
    </div>
  );
}

function useLines(view: View, typed: string) {
  const { t, locale } = useI18n();
  const unsigned = useUnsigned();
  const reviews = useReviews();
  const cameras = useCameras();
  const communes = useCommunes();
  const all = cameras.data;
  const lines = useMemo<Line[]>(() => {
    const labels = new Map((all ?? []).map((camera) => [camera.camera_id, camera.label]));
    const nameOf = (insee: string) => communes.data?.find((one) => one.insee === insee)?.name ?? insee;
    const found: Line[] =
      view === "unsigned"
        ? (unsigned.data ?? []).map((one) => ({ ...one, detail: one.bearing_problem || nameOf(one.insee) }))
        : view === "reviews"
          ? (reviews.data ?? []).map((one) => ({
              camera_id: one.camera_id,
              label: labels.get(one.camera_id) ?? one.camera_id,
              detail: t("masks.due", { date: formatDate(one.review_due, locale) }),
            }))
          : (all ?? []).map((one) => ({ camera_id: one.camera_id, label: one.label, detail: one.commune }));
    const words = typed.toLowerCase();
    return found.filter((line) =>
      `${line.label} ${line.camera_id} ${line.detail}`.toLowerCase().includes(words),
    );
  }, [view, typed, unsigned.data, reviews.data, all, communes.data, t, locale]);
  const source = view === "unsigned" ? unsigned : view === "reviews" ? reviews : cameras;
  return {
    lines,
    error: source.error,
    loading: source.isPending,
    counts: { unsigned: unsigned.data?.length ?? 0, reviews: reviews.data?.length ?? 0 },
  };
}
