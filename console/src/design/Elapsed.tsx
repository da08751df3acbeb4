import { formatElapsed } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useNow } from "./useNow";

/** Running time since `since`, or the final one when `until` is known. */
export function Elapsed({ since, until }: { since: string; until?: string | null }) {
  const { locale } = useI18n();
  const now = useNow();
  const end = until ? new Date(until).getTime() : now;
  return <span role="timer">{formatElapsed(end - new Date(since).getTime(), locale)}</span>;
}
