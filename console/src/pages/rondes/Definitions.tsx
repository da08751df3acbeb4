import { Button, Group, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { archiveRonde, type Ronde, startRonde } from "@/api/rondes";
import { can, useMe } from "@/app/session";
import { Empty } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime, formatElapsed } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { RONDES, useRondes, useRunChange } from "./queries";
import { RondeForm } from "./RondeForm";
import classes from "./RondesPage.module.css";

/** The rondes that are defined: start one, and for who may, define, change and delete. */
export function Definitions() {
  const { t } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const { data, error, refetch } = useRondes();
  const [edited, setEdited] = useState<Ronde | "new" | null>(null);
  const starting = useRunChange();
  const again = () => queries.invalidateQueries({ queryKey: RONDES });
  const archiving = useMutation({ mutationFn: archiveRonde, onSettled: again });
  const manages = can(me, "manage_rondes");
  return (
    <>
      {manages ? (
        <Group p="xs">
          <Button
            size="xs"
            leftSection={<IconPlus aria-hidden size={15} />}
            onClick={() => setEdited("new")}
            data-testid="ronde-new"
          >
            {t("rondes.new")}
          </Button>
        </Group>
      ) : null}
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {starting.error ? <ProblemAlert error={starting.error} compact /> : null}
      {archiving.error ? <ProblemAlert error={archiving.error} compact /> : null}
      {!data && !error ? <Skeleton h={60} m="sm" /> : null}
      {data?.length === 0 ? <Empty title={t("rondes.none_defined")} /> : null}
      <ul className={classes.definitions}>
        {data?.map((ronde) => (
          <li key={ronde.ronde_id} data-testid={`ronde-${ronde.name}`}>
            <RondeWords ronde={ronde} />
            <Group gap="xs" wrap="nowrap">
              <Button
                size="compact-sm"
                disabled={starting.isPending}
                aria-label={t("rondes.start_of", { name: ronde.name })}
                onClick={() => starting.mutate(() => startRonde(ronde.ronde_id))}
                data-testid={`start-${ronde.name}`}
              >
                {t("rondes.start")}
              </Button>
              {manages ? (
                <>
                  <Button size="compact-sm" variant="default" onClick={() => setEdited(ronde)}>
                    {t("rondes.change")}
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={t("rondes.archive_of", { name: ronde.name })}
                    disabled={archiving.isPending}
                    onClick={() => archiving.mutate(ronde.ronde_id)}
                  >
                    {t("rondes.archive")}
                  </Button>
                </>
              ) : null}
            </Group>
          </li>
        ))}
      </ul>
      {edited ? (
        <RondeForm
          ronde={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            void again();
          }}
        />
      ) : null}
    </>
  );
}

function RondeWords({ ronde }: { ronde: Ronde }) {
  const { t, locale } = useI18n();
  const planned = ronde.schedule.days.length > 0 && ronde.schedule.times.length > 0;
  const days = ronde.schedule.days.map((day) => t(`rondes.day.${day as 0 | 1 | 2 | 3 | 4 | 5 | 6}`));
  const when = planned ? `${days.join(" ")} ${ronde.schedule.times.join(" ")}` : t("rondes.by_hand");
  return (
    <span>
      <strong>{ronde.name}</strong> · {ronde.purpose}
      <br />
      <small className={classes.minor}>
        {[
          t("rondes.steps_count", {
            count: ronde.steps.length,
            time: formatElapsed(ronde.lasts_seconds * 1000, locale),
          }),
          when,
          ronde.active ? "" : t("rondes.inactive"),
          ronde.next_due_at ? t("rondes.next", { time: formatDateTime(ronde.next_due_at, locale) }) : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </small>
    </span>
  );
}
