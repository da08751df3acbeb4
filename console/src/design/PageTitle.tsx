import { VisuallyHidden } from "@mantine/core";
import { useI18n } from "@/i18n/I18n";

/** Names the page to the browser's tab and, for who does not see it, as its first heading. */
export function PageTitle({ title, heading = true }: { title: string; heading?: boolean }) {
  const { t } = useI18n();
  return (
    <>
      <title>{`${title} · ${t("app.name")}`}</title>
      {heading ? <VisuallyHidden component="h1">{title}</VisuallyHidden> : null}
    </>
  );
}
