import { Button, Group, Select, Skeleton, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCamera, IconSignature } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchTickets } from "@/api/fleet";
import { declareWithoutMasks, drawMasks, type Still, signMasks, takeStill, voidMasks } from "@/api/masks";
import { can, useMe } from "@/app/session";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { StateDot } from "@/design/StateDot";
import { useOneAtATime } from "@/design/useOneAtATime";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { type Drawing, EMPTY } from "./drawing";
import { MaskCanvas } from "./MaskCanvas";
import { MaskHistory } from "./MaskHistory";
import { useMasks, useRefreshMasks } from "./queries";

/** One camera: where its masks stand, a dated picture to draw on, the signature, and every set it ever had. */
export function CameraMaskWork({ cameraId }: { cameraId: string }) {
  const { t } = useI18n();
  const masks = useMasks(cameraId);
  const works = can(useMe(), "mask");
  if (masks.error && !masks.data)
    return <ProblemAlert error={masks.error} onRetry={() => void masks.refetch()} />;
  if (!masks.data) return <Skeleton h={300} />;
  return (
    <Stack gap="sm">
      <Group gap="xs" data-testid="masks-standing">
        <StateDot tone={masks.data.signed ? "good" : "bad"} />
        <Text fw={600}>{masks.data.signed ? t("masks.signed") : t("masks.dark")}</Text>
        <Text c="dimmed" size="sm">
          {cameraId}
        </Text>
      </Group>
      {works ? <DrawForm cameraId={cameraId} /> : null}
      {works ? <DeclarationForm cameraId={cameraId} /> : null}
      {works && masks.data.signed ? <VoidForm cameraId={cameraId} /> : null}
      <MaskHistory sets={masks.data.items} />
    </Stack>
  );
}

function DrawForm({ cameraId }: { cameraId: string }) {
  const { t, locale } = useI18n();
  const refresh = useRefreshMasks();
  const [still, setStill] = useState<Still | null>(null);
  const [drawing, setDrawing] = useState<Drawing>(EMPTY);
  const technician = useMe().role === "technicien";
  const [ticketId, setTicketId] = useState<string | null>(null);
  const shot = useMutation({
    mutationFn: () => takeStill(cameraId, ticketId),
    onSuccess: (taken) => {
      setStill(taken);
      setDrawing(EMPTY);
    },
  });
  const signature = useMutation({
    mutationFn: async () => {
      const draft = await drawMasks(cameraId, {
        polygons: drawing.areas,
        declaration: "",
        still_id: still?.still_id ?? null,
      });
      return signMasks(draft.mask_set_id);
    },
    onSuccess: () => {
      notifications.show({ message: t("masks.was_signed") });
      setStill(null);
      setDrawing(EMPTY);
      refresh();
    },
  });
  const sign = useOneAtATime(signature);
  return (
    <Panel title={t("masks.draw")}>
      <Stack p="sm" gap="sm">
        <Group align="end">
          {technician ? <TicketChoice cameraId={cameraId} value={ticketId} onChange={setTicketId} /> : null}
          <Button
            variant="default"
            disabled={technician && ticketId === null}
            leftSection={<IconCamera aria-hidden size={16} />}
            loading={shot.isPending}
            onClick={() => shot.mutate()}
            data-testid="masks-still"
          >
            {t("masks.take_still")}
          </Button>
          {still ? (
            <Text size="sm" c="dimmed">
              {t("masks.taken_at", { date: formatDateTime(still.taken_at, locale) })}
            </Text>
          ) : null}
        </Group>
        {shot.error ? <ProblemAlert error={shot.error} compact /> : null}
        {still ? (
          <MaskCanvas still={still} ticketId={ticketId} drawing={drawing} onChange={setDrawing} />
        ) : null}
        {signature.error ? <ProblemAlert error={signature.error} compact /> : null}
        {still ? (
          <Group justify="end">
            <Button
              leftSection={<IconSignature aria-hidden size={16} />}
              disabled={drawing.areas.length === 0 || drawing.open.length > 0}
              loading={signature.isPending}
              onClick={() => sign()}
              data-testid="masks-sign"
            >
              {t("masks.sign", { n: drawing.areas.length })}
            </Button>
          </Group>
        ) : null}
      </Stack>
    </Panel>
  );
}

/** The open tickets of the camera: for which one a technicien looks at its picture. */
function TicketChoice({
  cameraId,
  value,
  onChange,
}: {
  cameraId: string;
  value: string | null;
  onChange: (ticketId: string | null) => void;
}) {
  const { t } = useI18n();
  const tickets = useQuery({ queryKey: ["tickets", cameraId], queryFn: () => fetchTickets(cameraId) });
  const open = (tickets.data ?? []).filter((ticket) => ticket.closed_at === null);
  return (
    <Select
      label={t("masks.ticket")}
      placeholder={open.length === 0 ? t("masks.no_ticket") : ""}
      data={open.map((ticket) => ({ value: ticket.ticket_id, label: ticket.title }))}
      value={value}
      onChange={onChange}
      w={260}
    />
  );
}

/** A sentence that a person signs: nothing private is in view, or why the masks no longer hold. */
function SentenceForm({
  title,
  hint,
  button,
  danger = false,
  done,
  send,
}: {
  title: string;
  hint: string;
  button: string;
  danger?: boolean;
  done: string;
  send: (sentence: string) => Promise<unknown>;
}) {
  const refresh = useRefreshMasks();
  const [sentence, setSentence] = useState("");
  const act = useMutation({
    mutationFn: () => send(sentence.trim()),
    onSuccess: () => {
      notifications.show({ message: done });
      setSentence("");
      refresh();
    },
  });
  const sendOnce = useOneAtATime(act);
  return (
    <Panel title={title}>
      <Stack p="sm" gap="xs">
        <Textarea
          autosize
          minRows={2}
          label={hint}
          value={sentence}
          onChange={(event) => setSentence(event.currentTarget.value)}
        />
        {act.error ? <ProblemAlert error={act.error} compact /> : null}
        <Group justify="end">
          <Button
            color={danger ? "red" : "blue"}
            variant={danger ? "light" : "filled"}
            disabled={sentence.trim().length < 10}
            loading={act.isPending}
            onClick={() => sendOnce()}
          >
            {button}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

function DeclarationForm({ cameraId }: { cameraId: string }) {
  const { t } = useI18n();
  return (
    <SentenceForm
      title={t("masks.nothing_private")}
      hint={t("masks.nothing_private_hint")}
      button={t("masks.declare")}
      done={t("masks.was_signed")}
      send={(sentence) => declareWithoutMasks([cameraId], sentence)}
    />
  );
}

function VoidForm({ cameraId }: { cameraId: string }) {
  const { t } = useI18n();
  return (
    <SentenceForm
      danger
      title={t("masks.void")}
      hint={t("masks.void_hint")}
      button={t("masks.void_button")}
      done={t("masks.was_voided")}
      send={(sentence) => voidMasks(cameraId, sentence)}
    />
  );
}
