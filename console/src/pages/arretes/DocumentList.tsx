import { Anchor, Button, FileButton, Skeleton } from "@mantine/core";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Arrete, documentUrl, fetchDocuments, uploadDocument } from "@/api/arretes";
import { can, useMe } from "@/app/session";
import { Panel } from "@/design/Panel";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./ArretesPage.module.css";
import { ARRETES } from "./queries";

/** The scan of the arrêté and the pieces of its renewal file; a copy taken is a line of the register. */
export function DocumentList({ arrete }: { arrete: Arrete }) {
  const { t, word, locale } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const key = [...ARRETES, arrete.authorisation_id, "documents"];
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => fetchDocuments(arrete.authorisation_id),
  });
  const upload = useMutation({
    mutationFn: ({ kind, file }: { kind: string; file: File }) =>
      uploadDocument(arrete.authorisation_id, kind, file),
    onSuccess: () => queries.invalidateQueries({ queryKey: ARRETES }),
  });
  const manages = can(me, "manage_authorisations");
  const copies = can(me, "view_statistics");
  const button = (kind: string, label: string) => (
    <FileButton accept="application/pdf" onChange={(file) => file && upload.mutate({ kind, file })}>
      {(props) => (
        <Button
          {...props}
          size="xs"
          variant="default"
          loading={upload.isPending}
          leftSection={<IconUpload aria-hidden size={16} />}
        >
          {label}
        </Button>
      )}
    </FileButton>
  );
  return (
    <Panel title={t("arretes.documents")}>
      <div className={classes.body}>
        {error ? <ProblemAlert error={error} onRetry={() => void refetch()} /> : null}
        {!data && !error ? <Skeleton h={40} animate={false} /> : null}
        {data?.length === 0 ? <span className={classes.minor}>{t("arretes.no_document")}</span> : null}
        <ul className={classes.plain}>
          {data?.map((document) => (
            <li key={document.document_id} data-testid="arrete-document">
              <div className={classes.line}>
                {copies ? (
                  <Anchor
                    size="sm"
                    href={documentUrl(arrete.authorisation_id, document.document_id)}
                    download={document.filename}
                    title={t("arretes.copy_hint")}
                  >
                    <IconDownload aria-hidden size={14} /> {document.filename}
                  </Anchor>
                ) : (
                  document.filename
                )}
                <span className={classes.minor}>
                  {word("document", document.kind)} · {Math.ceil(document.size / 1024)} Kio ·{" "}
                  {formatDateTime(document.uploaded_at, locale)} · {document.uploaded_by}
                </span>
              </div>
              <div className={classes.hash}>SHA-256 {document.sha256}</div>
            </li>
          ))}
        </ul>
        {upload.error ? <ProblemAlert error={upload.error} compact /> : null}
        {manages ? (
          <div className={classes.line}>
            {button("arrete", t("arretes.upload_scan"))}
            {button("renouvellement", t("arretes.upload_piece"))}
          </div>
        ) : null}
      </div>
    </Panel>
  );
}
