import type { ImportIssue, ImportReport, Mapping } from "@/api/imports";

/** Below this a guessed column is shown as doubtful. */
export const SURE = 0.8;

/** What was read of each column, as the form of step 2 starts with: the field's name, or "" for none. */
export function fieldByColumn(report: Pick<ImportReport, "file" | "mapping">): Record<string, string> {
  const fields: Record<string, string> = Object.fromEntries(
    report.file.columns.map((column) => [column, ""]),
  );
  for (const { field, columns } of report.mapping) for (const column of columns) fields[column] = field;
  return fields;
}

/** The whole mapping that a person confirmed: every field that is not chosen is told to be read from nowhere. */
export function mappingOf(
  fields: Pick<ImportReport, "fields">["fields"],
  chosen: Record<string, string>,
): Mapping {
  const mapping: Mapping = Object.fromEntries(fields.map(({ name }) => [name, []]));
  for (const [column, field] of Object.entries(chosen)) if (field) mapping[field]?.push(column);
  return mapping;
}

/** Fields that two columns were given to although only one may feed them. */
export function fedTwice(fields: Pick<ImportReport, "fields">["fields"], mapping: Mapping): string[] {
  return fields
    .filter(({ name, many }) => !many && (mapping[name]?.length ?? 0) > 1)
    .map(({ title }) => title);
}

export type Shown = "all" | "error" | "warning";

/** The issues to list: of a severity, holding the words typed anywhere. */
export function filtered(issues: ImportIssue[], shown: Shown, typed: string): ImportIssue[] {
  const words = typed.trim().toLocaleLowerCase();
  return issues.filter(
    (issue) =>
      (shown === "all" || issue.severity === shown) &&
      (!words ||
        `${issue.line} ${issue.header} ${issue.column} ${issue.value} ${issue.message}`
          .toLocaleLowerCase()
          .includes(words)),
  );
}

/** A cell that no spreadsheet takes for a formula (OWASP, CSV injection), quoted where needed. */
function cell(value: string | number): string {
  const text = String(value);
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[";\n\r]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** The issues as a CSV that Excel opens with its accents. */
export function asCsv(issues: ImportIssue[], header: string[]): string {
  const rows = issues.map(({ line, severity, header: name, column, value, message }) => [
    line,
    severity,
    name || column,
    value,
    message,
  ]);
  return `\uFEFF${[header, ...rows].map((row) => row.map(cell).join(";")).join("\r\n")}\r\n`;
}
