import { formatDateTime } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import { useNow } from "./useNow";

/** Date and time of Paris, to the second. */
export function Clock() {
  const { locale } = useI18n();
  return <span>{formatDateTime(new Date(useNow()), locale)}</span>;
}
