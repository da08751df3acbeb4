import { Alert, Badge, Button, Checkbox, Group, Select, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import type { ImportChoices, ImportReport } from "@/api/imports";
import { useCommunes } from "@/cameras/useCameras";
import { useI18n } from "@/i18n/I18n";
import classes from "./ImportPage.module.css";
import { fedTwice, fieldByColumn, mappingOf, SURE } from "./report";

interface ColumnsStepProps {
  name: string;
  report: ImportReport;
  choices: ImportChoices;
  busy: boolean;
  onSheet: (sheet: string) => void;
  onBack: () => void;
  onCheck: (choices: ImportChoices) => void;
}

/** Step 2: what each column holds, with a few of its cells beside. */
export function ColumnsStep({ name, report, choices, busy, onSheet, onBack, onCheck }: ColumnsStepProps) {
  const { t } = useI18n();
  const [chosen, setChosen] = useState(() => fieldByColumn(report));
  const [options, setOptions] = useState(choices);
  const { data: communes = [] } = useCommunes();
  const mapping = mappingOf(report.fields, chosen);
  const twice = fedTwice(report.fields, mapping);
  const { file } = report;
  const fields = report.fields.map(({ name: value, title }) => ({ value, label: title }));
  return (
    <Stack gap="md">
      <Text size="sm">
        {t("import.file_line", {
          name,
          format: file.format.toUpperCase(),
          rows: file.rows,
          columns: file.columns.length,
        })}
        {file.encoding ? `, ${t("import.encoding", { encoding: file.encoding })}` : ""}
        {file.crs ? `, ${t("import.crs", { crs: file.crs })}` : ""}
      </Text>
      {file.sheets.length > 1 ? (
        <Select
          label={t("import.sheet")}
          data={file.sheets}
          value={file.sheet}
          allowDeselect={false}
          onChange={(sheet) => sheet && onSheet(sheet)}
          maw={320}
        />
      ) : null}
      <Text size="sm" c="dimmed">
        {report.mapping_remembered ? t("import.remembered") : t("import.columns_intro")}
      </Text>
      <div className={classes.scroll}>
        <Table verticalSpacing={6} fz="sm" stickyHeader>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("import.column")}</Table.Th>
              <Table.Th scope="col">{t("import.holds")}</Table.Th>
              <Table.Th scope="col">{t("import.samples")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {file.columns.map((column, index) => {
              const guess = report.mapping.find(({ columns }) => columns.includes(column));
              const kept = guess && chosen[column] === guess.field;
              return (
                <Table.Tr key={column} data-testid={`import-column-${column}`}>
                  <Table.Td fw={600}>{column}</Table.Td>
                  <Table.Td>
                    <Group gap="xs" wrap="nowrap">
                      <Select
                        aria-label={column}
                        data={fields}
                        value={chosen[column] || null}
                        placeholder={t("import.not_read")}
                        clearable
                        searchable
                        w={230}
                        onChange={(field) => setChosen({ ...chosen, [column]: field ?? "" })}
                      />
                      {kept ? (
                        <Badge color={guess.confidence >= SURE ? "teal" : "yellow"} variant="light">
                          {guess.confidence >= SURE
                            ? t("import.sure")
                            : t("import.doubtful", { percent: Math.round(guess.confidence * 100) })}
                        </Badge>
                      ) : null}
                    </Group>
                  </Table.Td>
                  <Table.Td className={classes.sample ?? ""}>{file.samples[index]?.join(" · ")}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
      {twice.length > 0 ? (
        <Alert color="red" variant="light">
          {t("import.twice", { fields: twice.join(", ") })}
        </Alert>
      ) : null}
      <Group align="end">
        <Select
          label={t("import.commune")}
          data={communes.map(({ insee, name: label }) => ({ value: insee, label }))}
          value={options.commune}
          placeholder={t("import.commune_none")}
          clearable
          searchable
          w={320}
          onChange={(commune) => setOptions({ ...options, commune })}
        />
        <Checkbox
          label={t("import.outside")}
          checked={options.outside}
          mb={8}
          onChange={({ currentTarget }) => setOptions({ ...options, outside: currentTarget.checked })}
        />
        <Checkbox
          label={t("import.strict")}
          checked={options.strict}
          mb={8}
          onChange={({ currentTarget }) => setOptions({ ...options, strict: currentTarget.checked })}
        />
      </Group>
      <Group justify="end">
        <Button variant="default" onClick={onBack}>
          {t("import.back")}
        </Button>
        <Button
          disabled={twice.length > 0}
          loading={busy}
          onClick={() => onCheck({ ...options, sheet: file.sheet || null, mapping })}
          data-testid="import-check"
        >
          {t("import.check")}
        </Button>
      </Group>
    </Stack>
  );
}
