import { useI18n } from "@/i18n/I18n";
import classes from "./LivePage.module.css";
import type { Called } from "./useNumberCall";

/** The number being typed, large, with the camera it means. */
export function NumberCallBadge({ call }: { call: Called | null }) {
  const { t } = useI18n();
  if (!call) return null;
  const [first] = call.found;
  const meaning = !first
    ? t("wall.call_none")
    : call.found.length > 1
      ? t("wall.call_several", { count: call.found.length, label: first.label })
      : first.label;
  return (
    <div className={classes.call} role="status" aria-label={t("wall.call")} data-testid="number-call">
      <strong>{call.typed}</strong>
      <span data-found={Boolean(first)}>{meaning}</span>
      {call.called ? null : <small>{t("wall.call_hint")}</small>}
    </div>
  );
}
