import { Button, NativeSelect, Skeleton, Text, TextInput } from "@mantine/core";
import { IconDownload, IconPlus, IconPrinter } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { fetchProgramme, type Need, needsCsvUrl } from "@/api/planning";
import { can, useMe } from "@/app/session";
import { useCommunes } from "@/cameras/useCameras";
import { PageTitle } from "@/design/PageTitle";
import { Empty, Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { BudgetBars } from "./BudgetBars";
import { NeedForm } from "./NeedForm";
import { NeedTable } from "./NeedTable";
import { inProgrammeOrder, matching, type NeedFilter, NO_FILTER, UNPLANNED, yearOf } from "./needs";
import classes from "./PlanningPage.module.css";

const PROGRAMME = ["programme"] as const;
const STATUSES = ["recense", "retenu", "programme", "realise", "ecarte"];

/** Surveyed needs against the money of each year; prints as the programme a council votes on. */
export function PlanningPage() {
  const { t, locale } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const [insee, setInsee] = useState("");
  const [filter, setFilter] = useState<NeedFilter>(NO_FILTER);
  const [edited, setEdited] = useState<Need | "new" | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: [...PROGRAMME, insee],
    queryFn: () => fetchProgramme(insee),
    placeholderData: (previous) => previous,
  });
  const { data: communes = [] } = useCommunes(can(me, "view_camera"));
  const needs = useMemo(() => matching(data?.needs ?? [], filter).toSorted(inProgrammeOrder), [data, filter]);
  const refresh = () => void queries.invalidateQueries({ queryKey: PROGRAMME });
  const configures = can(me, "configure");
  const known = new Map(data?.needs.map((need) => [need.insee, need.commune]));
  for (const commune of communes) known.set(commune.insee, commune.name);
  const only = [...known.values()];
  const town = known.get(insee) ?? (only.length === 1 ? only[0] : null) ?? me.organisation_name;
  const sheet = {
    town,
    date: formatDate(new Date(), locale),
    shown: needs.length,
    total: data?.needs.length ?? 0,
  };
  return (
    <div className={classes.page}>
      <PageTitle title={t("planning.title")} heading={false} />
      <header className={classes.sheetHead}>
        <h1>{t("planning.sheet")}</h1>
        <div>{t("planning.printed", sheet)}</div>
      </header>
      <div className={classes.head}>
        <Filters filter={filter} needs={data?.needs ?? []} onChange={setFilter} />
        {known.size > 1 ? (
          <NativeSelect
            label={t("planning.commune")}
            value={insee}
            onChange={(event) => setInsee(event.currentTarget.value)}
            data={[
              { value: "", label: t("planning.any_year") },
              ...[...known].map(([value, label]) => ({ value, label })),
            ]}
          />
        ) : null}
        <div className={classes.tools}>
          <Button
            variant="default"
            leftSection={<IconPrinter aria-hidden size={16} />}
            onClick={() => window.print()}
          >
            {t("planning.print")}
          </Button>
          <Button
            component="a"
            href={needsCsvUrl(insee)}
            download
            variant="default"
            leftSection={<IconDownload aria-hidden size={16} />}
          >
            {t("planning.csv")}
          </Button>
          {configures ? (
            <Button
              leftSection={<IconPlus aria-hidden size={16} />}
              onClick={() => setEdited("new")}
              data-testid="need-new"
            >
              {t("planning.new")}
            </Button>
          ) : null}
        </div>
      </div>
      {error && !data ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
      {!data && !error ? <Skeleton h={200} animate={false} /> : null}
      {data ? (
        <>
          <Panel title={t("planning.budgets")}>
            <BudgetBars
              budgets={data.budgets}
              communes={known}
              editable={configures}
              insee={insee || (known.size === 1 ? [...known.keys()][0] : undefined)}
              onChanged={refresh}
            />
            {data.unplaced.length > 0 ? (
              <Text size="sm" px="md" pb="sm" className={classes.over ?? ""}>
                {t("planning.unplaced", { n: data.unplaced.length })}
              </Text>
            ) : null}
          </Panel>
          <div className={classes.table}>
            {data.needs.length === 0 ? (
              <Empty title={t("planning.none")} hint={t("planning.none_hint")} />
            ) : needs.length === 0 ? (
              <Empty title={t("planning.none_here")} />
            ) : (
              <NeedTable
                needs={needs}
                severalCommunes={known.size > 1}
                onOpen={configures ? setEdited : null}
              />
            )}
          </div>
        </>
      ) : null}
      {edited ? (
        <NeedForm
          need={edited === "new" ? null : edited}
          communes={known}
          insee={insee}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            refresh();
          }}
        />
      ) : null}
    </div>
  );
}

interface FiltersProps {
  filter: NeedFilter;
  needs: Need[];
  onChange: (filter: NeedFilter) => void;
}

function Filters({ filter, needs, onChange }: FiltersProps) {
  const { t, word } = useI18n();
  const set = (change: Partial<NeedFilter>) => onChange({ ...filter, ...change });
  const years = [...new Set(needs.map(yearOf))].filter((year) => year !== null).toSorted((a, b) => a - b);
  return (
    <>
      <TextInput
        label={t("planning.search")}
        placeholder={t("planning.search_placeholder")}
        value={filter.text}
        onChange={(event) => set({ text: event.currentTarget.value })}
      />
      <NativeSelect
        label={t("planning.status")}
        value={filter.status}
        onChange={(event) => set({ status: event.currentTarget.value })}
        data={[
          { value: "", label: t("planning.any") },
          ...STATUSES.map((value) => ({ value, label: word("need", value) })),
        ]}
        data-testid="need-status"
      />
      <NativeSelect
        label={t("planning.year")}
        value={filter.year}
        onChange={(event) => set({ year: event.currentTarget.value })}
        data={[
          { value: "", label: t("planning.any_year") },
          ...years.map((year) => ({ value: String(year), label: String(year) })),
          { value: UNPLANNED, label: t("planning.unplanned") },
        ]}
        data-testid="need-year"
      />
      <NativeSelect
        label={t("planning.priority")}
        value={filter.priority}
        onChange={(event) => set({ priority: event.currentTarget.value })}
        data={[{ value: "", label: t("planning.any_year") }, "1", "2", "3"]}
      />
    </>
  );
}
