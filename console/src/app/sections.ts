import type { ComponentType } from "react";
import type { Me } from "@/api/access";
import type { MessageKey } from "@/i18n/translate";

/** One page of a section: a tab, its path below the section's, and the actions of which one suffices to open it. */
export interface SectionPage {
  path: string;
  label: MessageKey;
  anyOf: string[];
  lazy: () => Promise<{ Component: ComponentType }>;
}

/** Several pages behind one entry of the navigation, shown as tabs. */
export interface Section {
  name: "fleet" | "people";
  path: string;
  label: MessageKey;
  pages: SectionPage[];
}

export const SECTIONS: Section[] = [
  { name: "fleet", path: "/parc", label: "nav.fleet", pages: [] },
  { name: "people", path: "/agents", label: "nav.people", pages: [] },
];

/** The pages of a section that this agent may be offered, in the order of the tabs. */
export function pagesFor(section: Section, me: Pick<Me, "permissions">): SectionPage[] {
  return section.pages.filter(({ anyOf }) => anyOf.some((action) => me.permissions.includes(action)));
}
