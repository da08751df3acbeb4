import { Badge, Button, Group, SegmentedControl, Table, Text, TextInput, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { ImportIssue } from "@/api/imports";
import { useI18n } from "@/i18n/I18n";
import classes from "./ImportPage.module.css";
import { asCsv, filtered, type Shown } from "./report";

const LISTED = 300;

/** Every remark on the file, line by line, to filter, read or take away. */
export function IssueTable({ issues }: { issues: ImportIssue[] }) {
  const { t } = useI18n();
  const [shown, setShown] = useState<Shown>("all");
  const [typed, setTyped] = useState("");
  const listed = useMemo(() => filtered(issues, shown, typed), [issues, shown, typed]);
  if (issues.length === 0) return <Text size="sm">{t("import.no_issue")}</Text>;
  const download = () => {
    const header = [
      t("import.line"),
      t("import.issues"),
      t("import.cell"),
      t("import.value"),
      t("import.mend"),
    ];
    const url = URL.createObjectURL(new Blob([asCsv(listed, header)], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "import-remarques.csv";
    link.click();
    URL.revokeObjectURL(url);
  };
  return (
    <>
      <Group justify="space-between" align="end">
        <Title order={3} size="h5">
          {t("import.issues")}
        </Title>
        <Group align="end">
          <TextInput
            aria-label={t("import.find")}
            placeholder={t("import.find")}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          />
          <SegmentedControl
            value={shown}
            onChange={(value) => setShown(value as Shown)}
            data={[
              { value: "all", label: t("import.all") },
              { value: "error", label: t("import.errors") },
              { value: "warning", label: t("import.warnings") },
            ]}
          />
          <Button variant="default" onClick={download} leftSection={<IconDownload aria-hidden size={16} />}>
            {t("import.download")}
          </Button>
        </Group>
      </Group>
      <div className={classes.scroll}>
        <Table verticalSpacing={4} fz="sm" stickyHeader data-testid="import-issues">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t("import.line")}</Table.Th>
              <Table.Th scope="col">{t("import.cell")}</Table.Th>
              <Table.Th scope="col">{t("import.value")}</Table.Th>
              <Table.Th scope="col">{t("import.mend")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {listed.slice(0, LISTED).map((issue) => (
              <Table.Tr key={`${issue.line}-${issue.severity}-${issue.column}-${issue.message}`}>
                <Table.Td>
                  <Badge color={issue.severity === "error" ? "red" : "yellow"} variant="light">
                    {issue.line}
                  </Badge>
                </Table.Td>
                <Table.Td>{issue.header || issue.column}</Table.Td>
                <Table.Td className={classes.sample ?? ""}>{issue.value}</Table.Td>
                <Table.Td>{issue.message}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {listed.length > LISTED ? (
        <Text size="sm" c="dimmed">
          {t("import.more", { n: listed.length - LISTED })}
        </Text>
      ) : null}
    </>
  );
}
