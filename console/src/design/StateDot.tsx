import classes from "./design.module.css";

export type Tone = "good" | "bad" | "warn" | "idle";

/** A state by shape and colour: full disc, ring with a bar, half disc, small dot. The word stands beside it. */
export function StateDot({ tone, label }: { tone: Tone; label?: string }) {
  return label ? (
    <span className={classes.dot} data-tone={tone} role="img" aria-label={label} title={label} />
  ) : (
    <span className={classes.dot} data-tone={tone} aria-hidden="true" />
  );
}
