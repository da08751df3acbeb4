import { Navigate, NavLink, Outlet, useLocation } from "react-router";
import { useI18n } from "@/i18n/I18n";
import { NotFound } from "./Crash";
import classes from "./SectionShell.module.css";
import { pagesFor, type Section } from "./sections";
import { useMe } from "./session";

/** The tabs of a section above its page; the bare path of the section leads to its first page. */
export function SectionShell({ section }: { section: Section }) {
  const { t } = useI18n();
  const pages = pagesFor(section, useMe());
  const { pathname } = useLocation();
  const first = pages[0];
  if (!first) return <NotFound />;
  if (pathname.replace(/\/$/, "") === section.path) {
    return <Navigate to={`${section.path}/${first.path}`} replace />;
  }
  return (
    <div className={classes.section}>
      <nav aria-label={t(section.label)} className={classes.tabs}>
        {pages.map(({ path, label }) => (
          <NavLink
            key={path}
            to={`${section.path}/${path}`}
            className={classes.tab ?? ""}
            data-testid={`tab-${path}`}
          >
            {t(label)}
          </NavLink>
        ))}
      </nav>
      <div className={classes.page}>
        <Outlet />
      </div>
    </div>
  );
}
