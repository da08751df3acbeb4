import { Badge, Button, Skeleton, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { closeTicket, commentTicket, fetchTicket, fetchTickets, openTicket, type Ticket } from "@/api/fleet";
import { newIdempotencyKey } from "@/api/idempotencyKey";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./CamerasPage.module.css";
import { ticketsKey } from "./queries";
import { SubmitButton } from "./SubmitButton";

/** The maintenance tickets over a camera, the newest first; closed ones stay readable. */
export function TicketsTab({ cameraId, insee }: { cameraId: string; insee: string }) {
  const { t } = useI18n();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ticketsKey(cameraId),
    queryFn: () => fetchTickets(cameraId),
  });
  const refresh = () => queries.invalidateQueries({ queryKey: ticketsKey(cameraId) });
  if (error && !data) return <ProblemAlert error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={120} m="sm" animate={false} />;
  return (
    <div className={classes.body}>
      <TicketForm cameraId={cameraId} insee={insee} onOpened={refresh} />
      {data.length === 0 ? <Text c="dimmed">{t("fleet.no_ticket")}</Text> : null}
      <ul className={classes.plain}>
        {data.map((ticket) => (
          <li key={ticket.ticket_id}>
            <TicketCard ticket={ticket} onChanged={refresh} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function TicketCard({ ticket, onChanged }: { ticket: Ticket; onChanged: () => Promise<void> }) {
  const { t, locale } = useI18n();
  const [commentId, setCommentId] = useState(newIdempotencyKey);
  const [text, setText] = useState("");
  const { ticket_id, closed_at } = ticket;
  const thread = useQuery({ queryKey: ["ticket", ticket_id], queryFn: () => fetchTicket(ticket_id) });
  const comment = useMutation({
    mutationFn: () => commentTicket(ticket_id, commentId, text),
    onSuccess: async () => {
      setCommentId(newIdempotencyKey());
      setText("");
      await thread.refetch();
    },
  });
  const closure = useMutation({ mutationFn: () => closeTicket(ticket_id), onSuccess: onChanged });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    comment.mutate();
  };
  const problem = comment.error ?? closure.error;
  return (
    <article className={classes.card} data-testid={`ticket-${ticket_id}`}>
      <div className={classes.line}>
        <strong>{ticket.title}</strong>
        <Badge size="xs" color={closed_at ? "gray" : "orange"} variant="light">
          {t(closed_at ? "fleet.ticket_closed" : "fleet.ticket_open")}
        </Badge>
        <span className={classes.minor}>
          {t("fleet.ticket_by", { who: ticket.opened_by, at: formatDateTime(ticket.opened_at, locale) })}
        </span>
      </div>
      {ticket.description ? <p>{ticket.description}</p> : null}
      {thread.data?.comments.map((said) => (
        <p key={said.comment_id}>
          {said.text}{" "}
          <span className={classes.minor}>
            {t("fleet.ticket_by", { who: said.author, at: formatDateTime(said.at, locale) })}
          </span>
        </p>
      ))}
      {problem ? <ProblemAlert error={problem} compact /> : null}
      {closed_at ? null : (
        <form onSubmit={submit} className={classes.line}>
          <TextInput
            aria-label={t("fleet.comment")}
            placeholder={t("fleet.comment")}
            maxLength={4000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <SubmitButton pending={comment.isPending} disabled={text.trim() === ""}>
            {t("fleet.comment_add")}
          </SubmitButton>
          <Button variant="subtle" loading={closure.isPending} onClick={() => closure.mutate()}>
            {t("fleet.ticket_close")}
          </Button>
        </form>
      )}
    </article>
  );
}

interface TicketFormProps {
  cameraId: string;
  insee: string;
  onOpened: () => Promise<void>;
}

function TicketForm({ cameraId, insee, onOpened }: TicketFormProps) {
  const { t } = useI18n();
  const [ticketId, setTicketId] = useState(newIdempotencyKey);
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const opening = useMutation({
    mutationFn: () => openTicket({ ticket_id: ticketId, insee, camera_ids: [cameraId], title, description }),
    onSuccess: async () => {
      setTicketId(newIdempotencyKey());
      setTitle("");
      setDescription("");
      await onOpened();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    opening.mutate();
  };
  return (
    <form onSubmit={submit} className={classes.card}>
      <TextInput
        label={t("fleet.ticket_title")}
        maxLength={200}
        required
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        data-testid="ticket-title"
      />
      <Textarea
        label={t("fleet.ticket_description")}
        autosize
        minRows={2}
        maxLength={4000}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      {opening.error ? <ProblemAlert error={opening.error} /> : null}
      <div className={classes.line}>
        <SubmitButton pending={opening.isPending} disabled={title.trim() === ""}>
          {t("fleet.ticket_new")}
        </SubmitButton>
      </div>
    </form>
  );
}
