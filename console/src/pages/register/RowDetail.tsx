import { Alert, Button, Code, Drawer, Stack, Table, Text } from "@mantine/core";
import { IconLinkOff, IconShieldCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { RegisterRow } from "@/api/access";
import { proveRow } from "@/api/register";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { saveFile } from "./files";
import { NOWHERE } from "./nowhere";
import { proves } from "./proof";
import classes from "./RegisterPage.module.css";

interface RowDetailProps {
  row: RegisterRow;
  onClose: () => void;
}

async function proveHere(seq: number) {
  const proof = await proveRow(seq);
  return { proof, holds: await proves(proof) };
}

/** One row as it was sealed, and the proof that it is in the signed register. */
export function RowDetail({ row, onClose }: RowDetailProps) {
  const { t, word, locale } = useI18n();
  const proving = useMutation({ mutationFn: proveHere });
  const told = proving.data;
  const window =
    row.window_from && row.window_until
      ? `${formatDateTime(row.window_from, locale)} – ${formatDateTime(row.window_until, locale)}`
      : null;
  const facts: [string, string | null][] = [
    [t("register.col.at"), formatDateTime(row.at, locale)],
    [t("register.col.who"), `${row.actor_name} (${row.actor_id}), ${word("role", row.actor_role)}`],
    [t("register.organisation"), row.organisation],
    [t("register.habilitation"), row.habilitation_id],
    [t("register.col.action"), word("action", row.action)],
    [t("register.col.camera"), [row.camera_label, row.camera_id].filter(Boolean).join(" · ")],
    [t("register.insee"), row.insee === NOWHERE ? null : row.insee],
    [t("register.motive"), [row.motive_code, row.motive_text].filter(Boolean).join(" · ")],
    [t("register.context"), row.context],
    [t("register.window"), window],
    [t("register.recipient"), row.recipient],
    [t("register.station"), row.station],
    [t("register.col.result"), word("register.result", row.result)],
    [t("register.col.rule"), `${row.rule} · ${row.citation}`],
  ];
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={t("register.row", { seq: row.seq })}>
      <Stack gap="md" data-testid="register-detail">
        <Table variant="vertical" layout="fixed" fz="sm">
          <Table.Tbody>
            {facts.map(([name, value]) =>
              value ? (
                <Table.Tr key={name}>
                  <Table.Th w={130}>{name}</Table.Th>
                  <Table.Td className={classes.why ?? ""}>{value}</Table.Td>
                </Table.Tr>
              ) : null,
            )}
          </Table.Tbody>
        </Table>
        <div>
          <Text size="sm" c="dimmed">
            {t("register.hash")}
          </Text>
          <Code className={classes.hash ?? ""}>{row.hash}</Code>
        </div>
        {proving.error ? <ProblemAlert error={proving.error} /> : null}
        {told ? (
          <Alert
            color={told.holds ? "teal" : "red"}
            icon={told.holds ? <IconShieldCheck aria-hidden /> : <IconLinkOff aria-hidden />}
            title={told.holds ? t("register.proved") : t("register.not_proved")}
            data-testid="register-proof"
            data-valid={told.holds}
          >
            {t("register.proof_detail", { size: told.proof.size, steps: told.proof.path.length })}
            <Button
              mt="xs"
              size="xs"
              variant="default"
              onClick={() => saveFile(`preuve-${row.seq}.json`, new Blob([JSON.stringify(told.proof)]))}
            >
              {t("register.save_proof")}
            </Button>
          </Alert>
        ) : (
          <Button
            variant="default"
            loading={proving.isPending}
            leftSection={<IconShieldCheck aria-hidden size={16} />}
            onClick={() => proving.mutate(row.seq)}
            data-testid="register-prove"
          >
            {t("register.prove")}
          </Button>
        )}
      </Stack>
    </Drawer>
  );
}
