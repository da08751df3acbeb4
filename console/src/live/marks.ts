import type { Me } from "@/api/access";

/** Units are the height of a letter (em). */
export interface WatermarkLayout {
  lines: [string, string];
  /** Size of the cell that is repeated. */
  width: number;
  height: number;
  /** Where the first cell begins: moves slowly, so that no corner of the picture stays free of it. */
  x: number;
  y: number;
}

/** Mean width of a letter, generously. */
const LETTER_EM = 0.62;
const GAP_EM = 4;
const CELL_HEIGHT_EM = 7;
/** Pace of the drift: a cell takes minutes, the eye is not drawn to it. */
const DRIFT_EM_PER_SECOND = 0.15;

/** Whose pictures carry a watermark: recipients outside of the local authority that runs the room. */
export function needsWatermark(me: Pick<Me, "organisation_kind" | "role">): boolean {
  return me.organisation_kind !== "collectivite" || me.role.startsWith("partenaire_");
}

/**
 * What is written over a picture and where, at an instant.
 *
 * @param shownAt the instant as shown to people, in Paris time
 * @param now the same instant in ms
 */
export function watermarkAt(
  me: Pick<Me, "name" | "organisation_name" | "habilitation_id">,
  shownAt: string,
  now: number,
): WatermarkLayout {
  const who = [me.name, me.organisation_name].filter(Boolean).join(" · ");
  const when = [me.habilitation_id, shownAt].filter(Boolean).join(" · ");
  const width = Math.max(who.length, when.length) * LETTER_EM + GAP_EM;
  const moved = (now / 1000) * DRIFT_EM_PER_SECOND;
  return {
    lines: [who, when],
    width,
    height: CELL_HEIGHT_EM,
    x: moved % width,
    y: (moved / 2) % CELL_HEIGHT_EM,
  };
}
