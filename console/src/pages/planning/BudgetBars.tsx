import { Button, Group, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { adoptYear, setEnvelope, type YearBudget } from "@/api/planning";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import { formatEuros, parseEuros } from "./money";
import { sharesOf } from "./needs";
import classes from "./PlanningPage.module.css";

interface BudgetBarsProps {
  budgets: YearBudget[];
  communes: Map<string, string>;
  editable: boolean;
  /** The one commune whose envelopes may be set here, if it is known which. */
  insee: string | undefined;
  onChanged: () => void;
}

/** One bar a year: programmed (full), proposed (hatched), and the envelope as its limit. */
export function BudgetBars({ budgets, communes, editable, insee, onChanged }: BudgetBarsProps) {
  const { t } = useI18n();
  const several = new Set(budgets.map((budget) => budget.insee)).size > 1;
  const adopt = useMutation({
    mutationFn: (budget: YearBudget) => adoptYear(budget.insee, budget.year),
    onSettled: onChanged,
  });
  return (
    <>
      <div className={classes.budgets}>
        {budgets.length === 0 ? <span className={classes.minor}>{t("planning.no_budget")}</span> : null}
        {budgets.map((budget) => (
          <Year
            key={`${budget.insee}-${budget.year}`}
            budget={budget}
            commune={several ? (communes.get(budget.insee) ?? budget.insee) : null}
            onAdopt={editable && budget.proposed_cents > 0 ? () => adopt.mutate(budget) : null}
          />
        ))}
      </div>
      {adopt.error ? <ProblemAlert error={adopt.error} compact /> : null}
      {editable && insee ? <EnvelopeForm insee={insee} onChanged={onChanged} /> : null}
    </>
  );
}

interface YearProps {
  budget: YearBudget;
  commune: string | null;
  onAdopt: (() => void) | null;
}

function Year({ budget, commune, onAdopt }: YearProps) {
  const { t, locale } = useI18n();
  const { committed, proposed, envelope } = sharesOf(budget);
  const euros = (cents: number) => formatEuros(cents, locale);
  const over = budget.left_cents < 0;
  return (
    <div className={classes.year} data-testid={`budget-${budget.insee}-${budget.year}`}>
      <div className={classes.yearHead}>
        <strong>
          {budget.year}
          {commune ? ` · ${commune}` : ""}
        </strong>
        <span>{euros(budget.envelope_cents)}</span>
      </div>
      <div className={classes.bar} aria-hidden="true">
        <div className={classes.committed} style={{ width: `${committed}%` }} />
        <div className={classes.proposed} style={{ width: `${proposed}%` }} />
        {over ? <div className={classes.limit} style={{ left: `${envelope}%` }} /> : null}
      </div>
      <div className={classes.minor}>
        {t("planning.committed")} {euros(budget.committed_cents)} · {t("planning.proposed")}{" "}
        {euros(budget.proposed_cents)} ·{" "}
        <span className={over ? classes.over : undefined}>
          {t(over ? "planning.over" : "planning.left")} {euros(Math.abs(budget.left_cents))}
        </span>
      </div>
      {onAdopt ? (
        <Group className={classes.screen ?? ""}>
          <Button
            size="compact-xs"
            variant="default"
            title={t("planning.adopt_hint", { year: budget.year })}
            onClick={onAdopt}
          >
            {t("planning.adopt", { year: budget.year })}
          </Button>
        </Group>
      ) : null}
    </div>
  );
}

function EnvelopeForm({ insee, onChanged }: { insee: string; onChanged: () => void }) {
  const { t } = useI18n();
  const [year, setYear] = useState(String(new Date().getFullYear() + 1));
  const [amount, setAmount] = useState("100000");
  const cents = parseEuros(amount);
  const save = useMutation({
    mutationFn: (value: number) => setEnvelope(insee, Number(year), value),
    onSuccess: onChanged,
  });
  return (
    <>
      <Group align="end" gap="xs" px="md" pb="sm" className={classes.screen ?? ""}>
        <TextInput
          size="xs"
          w="6rem"
          type="number"
          label={t("planning.year")}
          value={year}
          onChange={(event) => setYear(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          w="9rem"
          label={t("planning.envelope_euros")}
          error={cents === null}
          value={amount}
          onChange={(event) => setAmount(event.currentTarget.value)}
        />
        <Button
          size="xs"
          variant="default"
          disabled={cents === null}
          loading={save.isPending}
          onClick={() => cents !== null && save.mutate(cents)}
        >
          {t("planning.set_envelope")}
        </Button>
      </Group>
      {save.error ? <ProblemAlert error={save.error} compact /> : null}
    </>
  );
}
