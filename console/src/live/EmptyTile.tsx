import { useI18n } from "@/i18n/I18n";
import classes from "./LiveTile.module.css";

interface EmptyTileProps {
  number: number;
  selected: boolean;
  onSelect: () => void;
}

/** A place without a camera: selecting it makes the next chosen camera go there. */
export function EmptyTile({ number, selected, onSelect }: EmptyTileProps) {
  const { t } = useI18n();
  const invitation = selected ? t("live.empty_selected") : t("live.empty");
  return (
    <button
      type="button"
      className={classes.empty}
      aria-pressed={selected}
      aria-label={`${t("live.tile", { n: number })} : ${invitation}`}
      data-testid={`tile-${number}`}
      onClick={onSelect}
    >
      {invitation}
    </button>
  );
}
