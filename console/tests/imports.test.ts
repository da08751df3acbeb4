import { expect, test } from "vitest";
import type { ImportIssue } from "@/api/imports";
import { asCsv, fedTwice, fieldByColumn, filtered, mappingOf } from "@/pages/import/report";

const issue = (over: Partial<ImportIssue>): ImportIssue => ({
  line: 2,
  column: "lon",
  value: "ouest",
  message: "Ce n'est pas un nombre.",
  severity: "error",
  header: "Coord X",
  ...over,
});
const FIELDS = [
  { name: "code", title: "Code", many: false },
  { name: "lon", title: "Longitude", many: false },
  { name: "cameras", title: "Caméras", many: true },
];

test("the guess becomes a choice per column and a whole mapping", () => {
  const chosen = fieldByColumn({
    file: { columns: ["a", "b", "c"] } as never,
    mapping: [{ field: "lon", title: "", columns: ["b"], confidence: 1, samples: [] }],
  });
  expect(chosen).toEqual({ a: "", b: "lon", c: "" });
  expect(mappingOf(FIELDS, { ...chosen, a: "code" })).toEqual({ code: ["a"], lon: ["b"], cameras: [] });
});

test("a field with one place is not given two columns", () => {
  const mapping = mappingOf(FIELDS, { a: "code", b: "code", c: "cameras", d: "cameras" });
  expect(fedTwice(FIELDS, mapping)).toEqual(["Code"]);
});

test("remarks are filtered by severity and words", () => {
  const issues = [issue({}), issue({ line: 30, severity: "warning", message: "Date illisible" })];
  expect(filtered(issues, "error", "")).toHaveLength(1);
  expect(filtered(issues, "all", "DATE")).toEqual([issues[1]]);
  expect(filtered(issues, "all", "coord x")).toHaveLength(2);
});

test("the download runs no formula and keeps quotes", () => {
  const csv = asCsv([issue({ value: '=CMD("x")', message: "a;b" })], ["Ligne", "R", "C", "V", "M"]);
  expect(csv).toBe(`\uFEFFLigne;R;C;V;M\r\n2;error;Coord X;"'=CMD(""x"")";"a;b"\r\n`);
});
