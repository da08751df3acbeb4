import { Alert, Button } from "@mantine/core";
import { IconEdit } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Arrete } from "@/api/arretes";
import { useCommunes } from "@/cameras/useCameras";
import { Panel } from "@/design/Panel";
import { useNow } from "@/design/useNow";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./ArretesPage.module.css";
import { DocumentList } from "./DocumentList";
import { daysLeft, standingOf, WORDS } from "./expiry";
import { discOf, type Surface } from "./ground";
import { PerimeterMap } from "./PerimeterMap";
import { useContours } from "./queries";
import { RenewalPanel } from "./RenewalPanel";

interface ArreteDetailProps {
  arrete: Arrete;
  /** All of them: one may succeed to this one. */
  arretes: Arrete[];
  /** Null for who may only read. */
  onEdit: (() => void) | null;
}

const ALARMING = new Set(["ended", "urgent", "due"]);

export function ArreteDetail({ arrete, arretes, onEdit }: ArreteDetailProps) {
  const { t } = useI18n();
  const now = useNow();
  const { data: contours } = useContours();
  const standing = standingOf(arrete, now);
  const surfaces = useMemo<Surface[]>(
    () => (arrete.perimeter ? [arrete.perimeter] : arrete.positions.map(discOf)),
    [arrete.perimeter, arrete.positions],
  );
  const own = useMemo(
    () =>
      contours && {
        ...contours,
        features: contours.features.filter(({ properties }) =>
          arrete.communes.includes(properties.insee ?? ""),
        ),
      },
    [contours, arrete.communes],
  );
  const edit = onEdit ? (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconEdit aria-hidden size={16} />}
      onClick={onEdit}
      data-testid="arrete-edit"
    >
      {t("arretes.edit")}
    </Button>
  ) : null;
  return (
    <div className={classes.detail}>
      <Panel title={t("arretes.one", { number: arrete.arrete_number })} aside={edit}>
        <div className={classes.body}>
          {ALARMING.has(standing) ? (
            <Alert color={standing === "due" ? "yellow" : "red"} p="xs" data-testid="arrete-warning">
              {t(WORDS[standing], { days: daysLeft(arrete.valid_until, now) })}.{" "}
              {t(standing === "ended" ? "arretes.ended_hint" : "arretes.due_hint")}
            </Alert>
          ) : null}
          {arrete.renewal.gap_seconds ? (
            <Alert color="red" p="xs">
              {t("arretes.gap", { hours: (arrete.renewal.gap_seconds / 3600).toFixed(1) })}
            </Alert>
          ) : null}
          <Facts arrete={arrete} />
          {own ? (
            <div className={classes.mapFrame}>
              <PerimeterMap contours={own} surfaces={surfaces} />
            </div>
          ) : null}
        </div>
      </Panel>
      <DocumentList arrete={arrete} />
      <RenewalPanel arrete={arrete} arretes={arretes} />
    </div>
  );
}

function Facts({ arrete }: { arrete: Arrete }) {
  const { t, word, locale } = useI18n();
  const { data: communes = [] } = useCommunes();
  const named = (insee: string) => communes.find((one) => one.insee === insee)?.name ?? insee;
  const retention = arrete.retention_min_days
    ? t("arretes.retention_between", { min: arrete.retention_min_days, max: arrete.retention_days })
    : t("arretes.retention_max", { max: arrete.retention_days });
  const ground = arrete.perimeter
    ? t("arretes.ground.perimeter")
    : arrete.positions.length > 0
      ? t("arretes.ground.positions_n", { n: arrete.positions.length })
      : t("arretes.ground.communes");
  const person = arrete.responsible;
  const lines: [string, string][] = [
    [
      t("arretes.validity"),
      `${formatDateTime(arrete.valid_from, locale)} → ${formatDateTime(arrete.valid_until, locale)}`,
    ],
    [t("arretes.communes"), arrete.communes.map(named).join(", ")],
    [t("arretes.cameras"), `${arrete.cameras_covered} / ${arrete.camera_count}`],
    [t("arretes.ground"), ground],
    [t("arretes.mode"), word("mode", arrete.mode)],
    ...arrete.event_windows.map(({ starts_at, ends_at }): [string, string] => [
      t("arretes.window"),
      `${formatDateTime(starts_at, locale)} → ${formatDateTime(ends_at, locale)}`,
    ]),
    [t("arretes.retention"), retention],
    [t("arretes.finalites"), arrete.finalites.map((one) => word("finalite", one)).join(" · ")],
    [t("arretes.recipients"), arrete.recipients.map((one) => word("organisation", one)).join(", ") || "–"],
    [t("arretes.verbalisation"), t(arrete.verbalisation ? "arretes.yes" : "arretes.no")],
    [t("arretes.watermark"), t(arrete.partner_watermark ? "arretes.watermark_yes" : "arretes.watermark_no")],
    [t("arretes.responsible"), person ? `${person.name}, ${person.function} (${person.contact})` : "–"],
  ];
  return (
    <dl className={classes.facts}>
      {lines.map(([name, value]) => (
        <div key={name + value} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
