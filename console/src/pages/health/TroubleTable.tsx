import { Anchor, Badge, Table } from "@mantine/core";
import { Link } from "react-router";
import type { CameraHealth, Trouble } from "@/api/health";
import { Elapsed } from "@/design/Elapsed";
import { Empty } from "@/design/Panel";
import { StateDot } from "@/design/StateDot";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { byGravity } from "./gravity";
import classes from "./HealthPage.module.css";

/** The cameras that something is wrong with: what, since when, what to do, and the ticket if one is open. */
export function TroubleTable({ cameras, cut }: { cameras: CameraHealth[]; cut: boolean }) {
  const { t } = useI18n();
  if (cameras.length === 0) return <Empty title={t("health.none")} hint={t("health.none_hint")} />;
  return (
    <Table verticalSpacing={6} horizontalSpacing="md" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("health.camera")}</Table.Th>
          <Table.Th scope="col">{t("health.trouble")}</Table.Th>
          <Table.Th scope="col">{t("health.since")}</Table.Th>
          <Table.Th scope="col">{t("health.todo")}</Table.Th>
          <Table.Th scope="col">{t("health.ticket")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {byGravity(cameras).map((camera) => (
          <CameraRow key={camera.camera_id} camera={camera} />
        ))}
        {cut ? (
          <Table.Tr>
            <Table.Td colSpan={5} className={classes.minor}>
              {t("health.cut", { n: cameras.length })}
            </Table.Td>
          </Table.Tr>
        ) : null}
      </Table.Tbody>
    </Table>
  );
}

function CameraRow({ camera }: { camera: CameraHealth }) {
  const { t, locale } = useI18n();
  const page = `/parc/cameras?camera=${encodeURIComponent(camera.camera_id)}`;
  const { checked_at: checked, quality } = camera;
  return (
    <Table.Tr data-testid={`health-${camera.camera_id}`} style={{ verticalAlign: "top" }}>
      <Table.Td>
        <Anchor component={Link} to={page} fw={600} fz="sm">
          {camera.label}
        </Anchor>
        <div className={classes.minor}>
          {camera.code} · {camera.commune}
        </div>
        {checked ? (
          <div className={classes.minor}>{t("health.checked", { at: formatDateTime(checked, locale) })}</div>
        ) : null}
      </Table.Td>
      <Table.Td>
        {camera.troubles.map((trouble) => (
          <TroubleWords key={trouble.kind} trouble={trouble} />
        ))}
        {camera.troubles.some(({ kind }) => kind === "qualite") && quality ? (
          <div className={classes.minor}>
            {quality.minimum} ({quality.citation})
          </div>
        ) : null}
      </Table.Td>
      <Table.Td>
        {camera.troubles.map(({ kind, since }) => (
          <div key={kind} title={formatDateTime(since, locale)} className={classes.trouble}>
            <Elapsed since={since} />
          </div>
        ))}
      </Table.Td>
      <Table.Td maw="26rem">
        {camera.troubles.map((trouble) => (
          <div key={trouble.kind} className={classes.trouble}>
            {trouble.what_to_do}
          </div>
        ))}
      </Table.Td>
      <Table.Td>
        {camera.ticket_id ? (
          <Anchor component={Link} to={page} fz="sm">
            {t("health.ticket_open")}
          </Anchor>
        ) : (
          <span className={classes.minor}>{t("health.ticket_none")}</span>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function TroubleWords({ trouble }: { trouble: Trouble }) {
  const { t } = useI18n();
  return (
    <div className={classes.trouble}>
      <span className={classes.state}>
        <StateDot tone={trouble.kind === "camera_hs" ? "bad" : "warn"} />
        {trouble.title}
        {trouble.alarm ? (
          <Badge size="xs" color="red" variant="light" tt="none">
            {t("health.alarm")}
          </Badge>
        ) : null}
      </span>
      {trouble.detail ? <div className={classes.minor}>{trouble.detail}</div> : null}
    </div>
  );
}
