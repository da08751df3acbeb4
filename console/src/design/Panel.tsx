import type { ReactNode } from "react";
import classes from "./design.module.css";

interface PanelProps {
  title: string;
  /** Badges and controls at the right of the title. */
  aside?: ReactNode;
  className?: string | undefined;
  children: ReactNode;
}

/** A titled region of a page. */
export function Panel({ title, aside, className, children }: PanelProps) {
  return (
    <section className={[classes.panel, className].filter(Boolean).join(" ")} aria-label={title}>
      <header className={classes.panelHead}>
        <h2>{title}</h2>
        <div style={{ marginLeft: "auto", display: "flex", alignItems: "center", gap: "0.5rem" }}>
          {aside}
        </div>
      </header>
      {children}
    </section>
  );
}

/** Says in words why there is nothing here. */
export function Empty({ title, hint }: { title: string; hint?: string }) {
  return (
    <div className={classes.empty}>
      <strong>{title}</strong>
      {hint ? <span>{hint}</span> : null}
    </div>
  );
}
