import { Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useCommunes } from "@/cameras/useCameras";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { type FleetFilter, KINDS, PROBLEMS, STATUSES } from "./fleetFilter";

interface FleetFiltersProps {
  filter: FleetFilter;
  onChange: (filter: FleetFilter) => void;
}

/** The questions that the list answers, all at once. */
export function FleetFilters({ filter, onChange }: FleetFiltersProps) {
  const { t, word } = useI18n();
  const { data: communes = [] } = useCommunes();
  const choices = (values: readonly string[], word: (value: string) => string) =>
    values.map((value) => ({ value, label: word(value) }));
  return (
    <div className={classes.filters}>
      <TextInput
        className={classes.wide ?? ""}
        type="search"
        aria-label={t("fleet.search")}
        placeholder={t("camera.search_placeholder")}
        leftSection={<IconSearch aria-hidden size={15} />}
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        data-testid="fleet-search"
      />
      <Select
        aria-label={t("fleet.commune")}
        placeholder={t("fleet.commune")}
        clearable
        searchable
        data={communes.map(({ insee, name }) => ({ value: insee, label: name }))}
        value={filter.insee}
        onChange={(insee) => onChange({ ...filter, insee })}
      />
      <Select
        aria-label={t("fleet.status")}
        placeholder={t("fleet.status")}
        clearable
        data={choices(STATUSES, (value) => word("fleet.status", value))}
        value={filter.status}
        onChange={(status) => onChange({ ...filter, status })}
      />
      <Select
        aria-label={t("fleet.kind")}
        placeholder={t("fleet.kind")}
        clearable
        data={choices(KINDS, (value) => word("camera.kind", value))}
        value={filter.kind}
        onChange={(kind) => onChange({ ...filter, kind })}
      />
      <Select
        aria-label={t("fleet.problem")}
        placeholder={t("fleet.problem")}
        clearable
        data={[
          { value: "any", label: t("fleet.any_problem") },
          ...choices(PROBLEMS, (value) => word("fleet.problem", value)),
        ]}
        value={filter.problem}
        onChange={(problem) => onChange({ ...filter, problem: problem as FleetFilter["problem"] })}
        data-testid="fleet-problem"
      />
    </div>
  );
}
