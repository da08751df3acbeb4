import { Button, Checkbox, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  type Arrete,
  fetchRenewal,
  type Piece,
  putPieces,
  type RenewalFile,
  stepRenewal,
} from "@/api/arretes";
import { can, useMe } from "@/app/session";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./ArretesPage.module.css";
import { ARRETES } from "./queries";

/** The renewal file: where it stands, its pieces, its history, and for who manages arrêtés its next step. */
export function RenewalPanel({ arrete, arretes }: { arrete: Arrete; arretes: Arrete[] }) {
  const { t, word, locale } = useI18n();
  const manages = can(useMe(), "manage_authorisations");
  const {
    data: file,
    error,
    refetch,
  } = useQuery({
    queryKey: [...ARRETES, arrete.authorisation_id, "renewal"],
    queryFn: () => fetchRenewal(arrete.authorisation_id),
  });
  const successor = arretes.find((one) => one.authorisation_id === file?.successor_id);
  return (
    <Panel
      title={t("arretes.renewal_file")}
      aside={file ? <strong data-testid="renewal-state">{word("renewal", file.state)}</strong> : null}
    >
      <div className={classes.body}>
        {error ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
        {!file && !error ? <Skeleton h={60} animate={false} /> : null}
        {file ? (
          <>
            <span className={file.overdue ? classes.late : classes.minor}>
              {t(file.overdue ? "arretes.was_due" : "arretes.is_due", {
                date: formatDate(file.due_at, locale),
              })}
              {file.receipt ? ` · ${t("arretes.receipt")} ${file.receipt}` : ""}
              {successor ? ` · ${t("arretes.successor")} ${successor.arrete_number}` : ""}
            </span>
            <Pieces key={file.revision} file={file} manages={manages} />
            <ol className={classes.plain}>
              {file.steps.map((step) => (
                <li key={step.at}>
                  {formatDate(step.on, locale)} · {word("renewal", step.state)}
                  {step.note ? ` : ${step.note}` : ""} <span className={classes.minor}>{step.by}</span>
                </li>
              ))}
            </ol>
            {manages ? <NextStep key={file.revision} file={file} arrete={arrete} arretes={arretes} /> : null}
          </>
        ) : null}
      </div>
    </Panel>
  );
}

function useFileChange(mutationFn: (file: RenewalFile) => Promise<RenewalFile>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => queries.invalidateQueries({ queryKey: ARRETES }) });
}

function Pieces({ file, manages }: { file: RenewalFile; manages: boolean }) {
  const { t } = useI18n();
  const [pieces, setPieces] = useState<Piece[]>(file.pieces);
  const [receipt, setReceipt] = useState(file.receipt);
  const save = useFileChange(({ authorisation_id, revision }) =>
    putPieces(authorisation_id, { revision, pieces, receipt }),
  );
  const changed = pieces !== file.pieces || receipt !== file.receipt;
  const tick = (index: number, ready: boolean) =>
    setPieces(pieces.map((piece, at) => (at === index ? { ...piece, ready } : piece)));
  return (
    <>
      <div className={classes.plain}>
        {pieces.map((piece, index) => (
          <Checkbox
            key={piece.label}
            size="xs"
            label={piece.label}
            checked={piece.ready}
            disabled={!manages}
            onChange={(event) => tick(index, event.currentTarget.checked)}
          />
        ))}
      </div>
      {manages ? (
        <div className={classes.line}>
          <TextInput
            size="xs"
            label={t("arretes.receipt")}
            value={receipt}
            onChange={(event) => setReceipt(event.currentTarget.value)}
          />
          <Button
            size="xs"
            mt="auto"
            variant="default"
            disabled={!changed}
            loading={save.isPending}
            onClick={() => save.mutate(file)}
          >
            {t("arretes.save_pieces")}
          </Button>
        </div>
      ) : null}
      {save.error ? <ProblemAlert error={save.error} compact /> : null}
    </>
  );
}

interface NextStepProps {
  file: RenewalFile;
  arrete: Arrete;
  arretes: Arrete[];
}

function NextStep({ file, arrete, arretes }: NextStepProps) {
  const { t, word } = useI18n();
  const [state, setState] = useState(file.next[0] ?? file.state);
  const [on, setOn] = useState(() => new Date().toISOString().slice(0, 10));
  const [note, setNote] = useState("");
  const followers = arretes.filter(
    (one) =>
      one.valid_until > arrete.valid_until && one.communes.some((insee) => arrete.communes.includes(insee)),
  );
  const [successor, setSuccessor] = useState(followers[0]?.authorisation_id ?? "");
  const granted = state === "accordee" && file.state !== "accordee";
  const step = useFileChange(({ authorisation_id, revision }) =>
    stepRenewal(authorisation_id, {
      revision,
      state,
      on,
      note,
      ...(granted ? { successor_id: successor } : {}),
    }),
  );
  return (
    <>
      <div className={classes.line}>
        <NativeSelect
          size="xs"
          label={t("arretes.next_step")}
          value={state}
          onChange={(event) => setState(event.currentTarget.value)}
          data={[...file.next, file.state].map((value) => ({
            value,
            label: value === file.state ? t("arretes.note_only") : word("renewal", value),
          }))}
        />
        <TextInput
          size="xs"
          type="date"
          label={t("arretes.on")}
          value={on}
          onChange={(event) => setOn(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          flex={1}
          label={t("arretes.note")}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
      </div>
      {granted ? (
        <NativeSelect
          size="xs"
          label={t("arretes.successor")}
          value={successor}
          onChange={(event) => setSuccessor(event.currentTarget.value)}
          data={
            followers.length > 0
              ? followers.map((one) => ({ value: one.authorisation_id, label: one.arrete_number }))
              : [{ value: "", label: t("arretes.no_successor") }]
          }
        />
      ) : null}
      <div className={classes.line}>
        <Button
          size="xs"
          loading={step.isPending}
          disabled={(granted && !successor) || !on}
          onClick={() => step.mutate(file)}
        >
          {t("arretes.write_step")}
        </Button>
      </div>
      {step.error ? <ProblemAlert error={step.error} compact /> : null}
    </>
  );
}
