import {
  IconAlertCircle,
  IconBroadcast,
  IconBuildingCommunity,
  IconDeviceCctv,
  IconMap2,
  IconNotebook,
  IconPlayerTrackPrev,
  IconRoute,
  IconUsersGroup,
} from "@tabler/icons-react";
import type { Me } from "@/api/access";
import type { MessageKey } from "@/i18n/translate";
import { SECTIONS, type Section } from "./sections";

export interface NavigationEntry {
  name: "map" | "live" | "rondes" | "replay" | "incidents" | "partners" | "register" | "fleet" | "people";
  path: string;
  label: MessageKey;
  icon: typeof IconMap2;
}

const SECTION_ICONS = { fleet: IconDeviceCctv, people: IconUsersGroup };

function sectionEntry({ name, path, label, pages }: Section) {
  return { name, path, label, icon: SECTION_ICONS[name], anyOf: pages.flatMap((page) => page.anyOf) };
}

const ENTRIES: (NavigationEntry & { anyOf: string[] })[] = [
  { name: "map", path: "/carte", label: "nav.map", icon: IconMap2, anyOf: ["view_camera"] },
  { name: "live", path: "/direct", label: "nav.live", icon: IconBroadcast, anyOf: ["live"] },
  { name: "rondes", path: "/rondes", label: "nav.rondes", icon: IconRoute, anyOf: ["command_wall"] },
  {
    name: "replay",
    path: "/relecture",
    label: "nav.replay",
    icon: IconPlayerTrackPrev,
    anyOf: ["replay"],
  },
  {
    name: "incidents",
    path: "/incidents",
    label: "nav.incidents",
    icon: IconAlertCircle,
    anyOf: ["view_incident", "manage_incident"],
  },
  {
    name: "partners",
    path: "/partenaires",
    label: "nav.partners",
    icon: IconBuildingCommunity,
    anyOf: ["view_dispatch", "receive_dispatch", "manage_partners"],
  },
  {
    name: "register",
    path: "/registre",
    label: "nav.register",
    icon: IconNotebook,
    anyOf: ["read_register", "verify_register"],
  },
  ...SECTIONS.map(sectionEntry),
];

/** Whether this agent may be shown the page at `pathname`; a path that is no page is the router's business. */
export function mayOpen(me: Pick<Me, "permissions">, pathname: string): boolean {
  const page = SECTIONS.flatMap((section) =>
    section.pages.map((one) => ({ ...one, path: `${section.path}/${one.path}` })),
  ).find(({ path }) => pathname === path || pathname.startsWith(`${path}/`));
  if (page) return page.anyOf.some((action) => me.permissions.includes(action));
  const entry = ENTRIES.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`));
  return !entry || entry.anyOf.some((action) => me.permissions.includes(action));
}

/** The pages this agent may be offered; for a partner the partner page is the list of received alerts. */
export function navigationFor(me: Pick<Me, "permissions">): NavigationEntry[] {
  const receivesOnly =
    me.permissions.includes("receive_dispatch") && !me.permissions.includes("view_dispatch");
  return ENTRIES.filter(({ anyOf }) => anyOf.some((action) => me.permissions.includes(action))).map(
    ({ anyOf: _, ...entry }) =>
      entry.name === "partners" && receivesOnly ? { ...entry, label: "nav.inbox" as const } : entry,
  );
}
