import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Bookmark, removeBookmark, renameBookmark } from "@/api/replay";
import { useMe } from "@/app/session";
import { ProblemAlert } from "@/design/ProblemAlert";
import { formatTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import classes from "./ReplayPage.module.css";
import { timelineKey } from "./ReplayRoom";
import type { OpenFilm } from "./ReplayTile";

interface BookmarksProps {
  film: OpenFilm;
  onSeek: (at: number) => void;
}

/** The bookmarks of a camera's window; one's own can be renamed and removed within the shift. */
export function Bookmarks({ film, onSeek }: BookmarksProps) {
  const { t } = useI18n();
  const marks = film.timeline.bookmarks;
  return (
    <section className={classes.marks} aria-label={t("replay.bookmarks")} data-testid="replay-bookmarks">
      {marks.length === 0 ? <p className={classes.minor}>{t("replay.no_bookmarks")}</p> : null}
      {marks.map((mark) => (
        <Mark key={mark.bookmark_id} mark={mark} replayId={film.replay.replay_id} onSeek={onSeek} />
      ))}
    </section>
  );
}

function Mark({
  mark,
  replayId,
  onSeek,
}: {
  mark: Bookmark;
  replayId: string;
  onSeek: (at: number) => void;
}) {
  const { t, locale } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const [label, setLabel] = useState(mark.label);
  const done = () => queries.invalidateQueries({ queryKey: timelineKey(replayId) });
  const rename = useMutation({
    mutationFn: () => renameBookmark(mark.bookmark_id, label, mark.color),
    onSuccess: done,
  });
  const remove = useMutation({ mutationFn: () => removeBookmark(mark.bookmark_id), onSuccess: done });
  const own = mark.author_id === me.agent_id && Date.now() < Date.parse(mark.changeable_until);
  const error = rename.error ?? remove.error;
  return (
    <div className={classes.markRow}>
      <Button size="compact-xs" variant="default" onClick={() => onSeek(Date.parse(mark.at))}>
        {formatTime(mark.at, locale)}
      </Button>
      {own ? (
        <>
          <TextInput
            size="xs"
            aria-label={t("replay.bookmark_rename")}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
            onBlur={() => label.trim() && label !== mark.label && rename.mutate()}
            onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          />
          <ActionIcon
            size="sm"
            variant="default"
            aria-label={t("replay.bookmark_remove", { label: mark.label })}
            onClick={() => remove.mutate()}
          >
            <IconTrash aria-hidden size={14} />
          </ActionIcon>
        </>
      ) : (
        <span>{t("replay.bookmark_of", { label: mark.label, author: mark.author_name })}</span>
      )}
      {error ? <ProblemAlert error={error} compact /> : null}
    </div>
  );
}
