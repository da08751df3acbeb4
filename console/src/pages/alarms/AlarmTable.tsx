import { Button, Group, SegmentedControl, Skeleton, Switch, Table } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { type Alarm, type AlarmFilter, fetchAlarms, fetchIncidentOfAlarm, judgeAlarm } from "@/api/alarms";
import { can, useMe } from "@/app/session";
import { Elapsed } from "@/design/Elapsed";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot, type Tone } from "@/design/StateDot";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./AlarmsPage.module.css";
import { courseOf, ofFamily, shortDuration } from "./alarmList";

const FAMILIES: AlarmFilter["family"][] = ["toutes", "rue", "technique"];

/** The alarms of the agent's communes, newest first. */
export function AlarmTable() {
  const { t } = useI18n();
  const [family, setFamily] = useState<AlarmFilter["family"]>("toutes");
  const [ongoing, setOngoing] = useState(false);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["alarms", ongoing],
    queryFn: ({ pageParam }) => fetchAlarms(ongoing, pageParam || undefined),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_before ?? undefined,
  });
  const shown = ofFamily(data?.pages.flatMap((page) => page.items) ?? [], family);
  return (
    <>
      <div className={classes.filters}>
        <SegmentedControl
          size="xs"
          value={family}
          onChange={(value) => setFamily(value as AlarmFilter["family"])}
          data={FAMILIES.map((value) => ({ value, label: t(`alarms.family.${value}`) }))}
        />
        <Switch
          label={t("alarms.only_ongoing")}
          checked={ongoing}
          onChange={(event) => setOngoing(event.currentTarget.checked)}
        />
      </div>
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={120} m="sm" /> : null}
      {data && shown.length === 0 ? <Empty title={t("alarms.none")} hint={t("alarms.none_hint")} /> : null}
      {shown.length > 0 ? <Rows alarms={shown} /> : null}
      {hasNextPage ? (
        <Button variant="subtle" m="sm" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("alarms.more")}
        </Button>
      ) : null}
    </>
  );
}

function Rows({ alarms }: { alarms: Alarm[] }) {
  const { t } = useI18n();
  return (
    <Table verticalSpacing={6} horizontalSpacing="md" fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t("alarms.kind")}</Table.Th>
          <Table.Th scope="col">{t("alarms.place")}</Table.Th>
          <Table.Th scope="col">{t("alarms.since")}</Table.Th>
          <Table.Th scope="col">{t("alarms.state")}</Table.Th>
          <Table.Th scope="col">{t("alarms.action")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {alarms.map((alarm) => (
          <AlarmRow key={alarm.alarm_id} alarm={alarm} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function AlarmRow({ alarm }: { alarm: Alarm }) {
  const { t, locale } = useI18n();
  const course = courseOf(alarm);
  const tone: Tone = course.kind === "ongoing" ? "bad" : "idle";
  return (
    <Table.Tr data-testid={`alarm-${alarm.alarm_id}`}>
      <Table.Td fw={600}>
        {t(`alarm.kind.${alarm.kind}`)}
        {alarm.repeats > 1 ? (
          <span className={classes.minor}> {t("alarms.repeats", { count: alarm.repeats })}</span>
        ) : null}
      </Table.Td>
      <Table.Td>
        {alarm.label} <span className={classes.minor}>{alarm.detail}</span>
      </Table.Td>
      <Table.Td className={classes.nowrap ?? ""}>
        {formatDateTime(alarm.raised_at, locale)}{" "}
        <span className={classes.minor}>
          <Elapsed since={alarm.raised_at} />
        </span>
      </Table.Td>
      <Table.Td>
        <span className={classes.state}>
          <StateDot tone={tone} />
          {course.kind === "ongoing" ? t("alarms.ongoing") : null}
          {course.kind === "momentary" ? t("alarms.momentary") : null}
          {course.kind === "over" ? t("alarms.over", { duration: shortDuration(course.ms) }) : null}
        </span>
      </Table.Td>
      <Table.Td>
        <FollowUp alarm={alarm} />
      </Table.Td>
    </Table.Tr>
  );
}

function FollowUp({ alarm }: { alarm: Alarm }) {
  const { t } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const judgement = useMutation({
    mutationFn: (status: "acquittee" | "ignoree") => judgeAlarm(alarm.alarm_id, status),
    onSettled: () => queries.invalidateQueries({ queryKey: ["alarms"] }),
  });
  const incident = useMutation({
    mutationFn: () => fetchIncidentOfAlarm(alarm.alarm_id),
    onSuccess: (found) => void navigate(`/incidents/${found.incident_id}`),
    onError: () => notifications.show({ message: t("alarms.no_incident") }),
  });
  const judges = can(me, "manage_incident") || can(me, "supervise");
  return (
    <Group gap={4} wrap="nowrap">
      {alarm.status === "nouvelle" && judges ? (
        <>
          <Button
            size="compact-sm"
            variant="light"
            loading={judgement.isPending}
            onClick={() => judgement.mutate("acquittee")}
            data-testid={`acknowledge-alarm-${alarm.alarm_id}`}
          >
            {t("alarms.acknowledge")}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={judgement.isPending}
            onClick={() => judgement.mutate("ignoree")}
          >
            {t("alarms.ignore")}
          </Button>
        </>
      ) : (
        <span className={classes.minor}>
          {alarm.judged_by_name
            ? t("alarms.judged", { status: t(`alarm.status.${alarm.status}`), name: alarm.judged_by_name })
            : t(`alarm.status.${alarm.status}`)}
        </span>
      )}
      {can(me, "view_incident") ? (
        <Button
          size="compact-sm"
          variant="default"
          loading={incident.isPending}
          onClick={() => incident.mutate()}
        >
          {t("alarms.incident")}
        </Button>
      ) : null}
    </Group>
  );
}
