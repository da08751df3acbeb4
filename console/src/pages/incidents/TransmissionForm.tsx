import { Button, Checkbox, Group, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconSend } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import type { Partner } from "@/api/dispatch";
import { type Incident, transmitIncident } from "@/api/incident";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { useI18n } from "@/i18n/I18n";
import classes from "./IncidentDetail.module.css";
import { DISPATCHES, INCIDENTS, useNomenclature, usePartners } from "./queries";

const NOBODY: ReadonlySet<string> = new Set();

/** Partners of the incident's commune; those that its nature calls for come ticked until a first transmission. */
export function TransmissionForm({ incident }: { incident: Incident }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const partners = usePartners();
  const nomenclature = useNomenclature();
  const [touched, setTouched] = useState<ReadonlySet<string> | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [tried, setTried] = useState(false);

  const local = useMemo(
    () =>
      (partners.data ?? []).filter(
        ({ communes }) => communes.length === 0 || communes.includes(incident.insee),
      ),
    [partners.data, incident.insee],
  );
  const suggested = useMemo(() => {
    const kinds = nomenclature.data?.find(({ code }) => code === incident.code)?.default_partner_kinds ?? [];
    return new Set(local.filter(({ kind }) => kinds.includes(kind)).map(({ partner_id }) => partner_id));
  }, [nomenclature.data, local, incident.code]);
  // Once something left, whoever was not ticked was left out on purpose.
  const chosen = touched ?? (incident.dispatches.length > 0 ? NOBODY : suggested);
  const message = typed ?? incident.facts;

  const transmission = useMutation({
    mutationFn: () => transmitIncident(incident.incident_id, { partner_ids: [...chosen], message }),
    onSuccess: () => {
      setTouched(NOBODY);
      setTyped(null);
      setTried(false);
      notifications.show({ message: t("transmit.sent") });
      void queries.invalidateQueries({ queryKey: INCIDENTS });
      void queries.invalidateQueries({ queryKey: DISPATCHES });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (chosen.size > 0 && message.trim()) transmission.mutate();
  };
  const toggle = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setTouched(next);
  };

  return (
    <Panel title={t("transmit.title")}>
      <form onSubmit={submit} className={classes.body} noValidate>
        <Stack gap="sm">
          <Checkbox.Group
            label={t("transmit.partners")}
            value={[...chosen]}
            error={tried && chosen.size === 0 ? t("transmit.choose") : null}
          >
            <Stack gap={6} mt={6}>
              {local.map((partner) => (
                <PartnerBox key={partner.partner_id} partner={partner} onToggle={toggle} />
              ))}
              {partners.data && local.length === 0 ? <Text c="dimmed">{t("transmit.none")}</Text> : null}
            </Stack>
          </Checkbox.Group>
          {partners.error ? (
            <ProblemAlert error={partners.error} onRetry={() => void partners.refetch()} />
          ) : null}
          <Textarea
            label={t("transmit.message")}
            description={t("transmit.message_hint")}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={1000}
            value={message}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          {transmission.error ? <ProblemAlert error={transmission.error} /> : null}
          <Group justify="flex-end">
            <Button
              type="submit"
              loading={transmission.isPending}
              disabled={!partners.data || !nomenclature.data}
              leftSection={<IconSend aria-hidden size={15} />}
              data-testid="transmit"
            >
              {t("transmit.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function PartnerBox({
  partner,
  onToggle,
}: {
  partner: Partner;
  onToggle: (id: string, on: boolean) => void;
}) {
  const { t, word } = useI18n();
  const remarks = [
    word("organisation", partner.kind),
    partner.receives_images ? null : t("transmit.text_only"),
    partner.reachable === false ? t("transmit.unreachable") : null,
  ].filter((remark) => remark !== null);
  return (
    <Checkbox
      value={partner.partner_id}
      label={partner.name}
      description={remarks.join(" · ")}
      onChange={(event) => onToggle(partner.partner_id, event.currentTarget.checked)}
      data-testid={`partner-${partner.partner_id}`}
    />
  );
}
