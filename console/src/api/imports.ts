import { call } from "./http";

export interface ImportIssue {
  line: number;
  column: string;
  value: string;
  message: string;
  severity: "error" | "warning";
  header: string;
}

export interface ImportColumns {
  field: string;
  title: string;
  columns: string[];
  confidence: number;
  samples: string[];
}

export interface ImportReport {
  dry_run: boolean;
  strict: boolean;
  applied: boolean;
  valid: number;
  invalid: number;
  warned: number;
  created: number;
  changed: number;
  unchanged: number;
  missing: number;
  sites: number;
  not_located: number;
  plan_hash: string;
  file: {
    format: string;
    encoding: string;
    sheet: string;
    sheets: string[];
    header_line: number;
    columns: string[];
    samples: string[][];
    rows: number;
    crs: string;
  };
  mapping: ImportColumns[];
  mapping_remembered: boolean;
  unmapped: string[];
  fields: { name: string; title: string; many: boolean }[];
  notes: string[];
  errors: ImportIssue[];
  warnings: ImportIssue[];
  additions: { camera_id: string; label: string; insee: string; kind: string; position_precision: string }[];
  changes: {
    line: number;
    camera_id: string;
    label: string;
    fields: { field: string; before: string; after: string }[];
  }[];
  missing_cameras: { camera_id: string; code: string; label: string; insee: string }[];
  truncated: string[];
}

/** Column names by field; an empty list: the field is not read. */
export type Mapping = Record<string, string[]>;

export interface ImportChoices {
  mapping: Mapping | null;
  sheet: string | null;
  commune: string | null;
  outside: boolean;
  strict: boolean;
}

function form(file: File, mapping: Mapping | null): FormData {
  const body = new FormData();
  body.append("file", file);
  if (mapping) body.append("mapping", JSON.stringify(mapping));
  return body;
}

/** Try a file, or with the hash of a reviewed plan apply exactly that plan. */
export function sendInventory(file: File, choices: ImportChoices, planHash?: string): Promise<ImportReport> {
  const { mapping, sheet, commune, outside, strict } = choices;
  return call("POST", "/api/registry/cameras/imports", {
    query: { dry_run: planHash === undefined, sheet, commune, outside, strict, plan_hash: planHash },
    body: form(file, mapping),
  });
}
