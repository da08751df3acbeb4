import { ActionIcon, Anchor, Button, Menu, SegmentedControl, Text, Tooltip } from "@mantine/core";
import { IconAlertTriangleFilled, IconUser } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Suspense } from "react";
import { NavLink, Outlet, useLocation } from "react-router";
import { logout } from "@/api/access";
import { Clock } from "@/design/Clock";
import { Empty } from "@/design/Panel";
import { formatDate } from "@/i18n/format";
import { useI18n } from "@/i18n/I18n";
import type { Locale } from "@/i18n/translate";
import { DeclareDock } from "@/pages/incidents/DeclareDock";
import { DeclareProvider, useDeclare } from "@/pages/incidents/declare";
import { mayOpen, navigationFor } from "./navigation";
import classes from "./Shell.module.css";
import { can, useMe } from "./session";

/** The frame of every page: navigation on top, the page, and the incident dock beside it. */
export function Shell() {
  const { t } = useI18n();
  const me = useMe();
  const { pathname } = useLocation();
  return (
    <DeclareProvider>
      <div className={classes.shell}>
        <Anchor className={classes.skip ?? ""} href="#content">
          {t("app.skip")}
        </Anchor>
        <Header />
        <div className={classes.body}>
          <main id="content" className={classes.main} tabIndex={-1}>
            {mayOpen(me, pathname) ? (
              <Suspense>
                <Outlet />
              </Suspense>
            ) : (
              <Empty title={t("app.refused")} hint={t("app.refused_hint")} />
            )}
          </main>
          <DeclareDock />
        </div>
      </div>
    </DeclareProvider>
  );
}

function Header() {
  const { t } = useI18n();
  const me = useMe();
  const declare = useDeclare();
  return (
    <header className={classes.header}>
      <NavLink to="/" className={classes.brand ?? ""} aria-label={t("app.name")}>
        <img src="/favicon.svg" alt="" width={22} height={22} />
        <span>{t("app.name")}</span>
      </NavLink>
      <nav aria-label={t("nav.label")} className={classes.nav}>
        {navigationFor(me).map(({ name, path, label, icon: Icon }) => (
          <NavLink key={name} to={path} className={classes.link ?? ""} data-testid={`nav-${name}`}>
            <Icon aria-hidden size={17} stroke={1.8} />
            <span>{t(label)}</span>
          </NavLink>
        ))}
      </nav>
      <div className={classes.tools}>
        {can(me, "manage_incident") ? (
          <Button
            size="xs"
            fz="sm"
            c="var(--v-p2-ink)"
            bg="var(--v-p2)"
            leftSection={<IconAlertTriangleFilled aria-hidden size={15} />}
            aria-label={t("incident.declare")}
            onClick={() => declare.open()}
            data-testid="declare-incident"
          >
            <span className={classes.declare}>{t("incident.declare")}</span>
          </Button>
        ) : null}
        <Tooltip label={t("app.clock")}>
          <Text size="sm" className={classes.clock ?? ""}>
            <Clock />
          </Text>
        </Tooltip>
        <Account />
      </div>
    </header>
  );
}

function Account() {
  const { t, word, locale, setLocale } = useI18n();
  const me = useMe();
  const queries = useQueryClient();
  const leave = async () => {
    const ended = await logout().catch(() => null);
    queries.clear();
    window.location.assign(ended?.provider_logout_url ?? "/connexion");
  };
  return (
    <Menu position="bottom-end" width={260} withinPortal closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon size="lg" aria-label={t("session.menu", { name: me.name })} data-testid="account">
          <IconUser aria-hidden size={19} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text fw={600} c="gray.0" size="sm">
            {me.name}
          </Text>
          <div>
            {word("role", me.role)} · {me.organisation_name}
          </div>
          <div>
            {me.habilitation_id
              ? t("session.habilitation", { id: me.habilitation_id })
              : t("session.no_habilitation")}
          </div>
          {me.habilitation_until ? (
            <div>{t("session.habilitation_until", { date: formatDate(me.habilitation_until, locale) })}</div>
          ) : null}
        </Menu.Label>
        <div style={{ padding: "0 0.5rem 0.5rem" }}>
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label={t("app.language")}
            value={locale}
            onChange={(value) => setLocale(value as Locale)}
            data={[
              { value: "fr", label: "Français" },
              { value: "en", label: "English" },
            ]}
          />
        </div>
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()} data-testid="logout">
          {t("session.logout")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
