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
  {
    name: "fleet",
    path: "/parc",
    label: "nav.fleet",
    pages: [
      {
        path: "cameras",
        label: "fleet.tab",
        anyOf: ["view_camera"],
        lazy: async () => ({ Component: (await import("@/pages/cameras/CamerasPage")).CamerasPage }),
      },
      {
        path: "sante",
        label: "health.tab",
        anyOf: ["supervise", "configure"],
        lazy: async () => ({ Component: (await import("@/pages/health/HealthPage")).HealthPage }),
      },
      {
        path: "enregistrement",
        label: "recording.tab",
        anyOf: ["supervise", "configure"],
        lazy: async () => ({ Component: (await import("@/pages/recording/RecordingPage")).RecordingPage }),
      },
      {
        path: "alarmes",
        label: "alarms.tab",
        anyOf: ["view_incident", "supervise"],
        lazy: async () => ({ Component: (await import("@/pages/alarms/AlarmsPage")).AlarmsPage }),
      },
      {
        path: "masques",
        label: "masks.tab",
        anyOf: ["mask"],
        lazy: async () => ({ Component: (await import("@/pages/masks/MasksPage")).MasksPage }),
      },
      {
        path: "arretes",
        label: "arretes.tab",
        anyOf: ["manage_authorisations", "view_statistics"],
        lazy: async () => ({ Component: (await import("@/pages/arretes/ArretesPage")).ArretesPage }),
      },
      {
        path: "import",
        label: "import.tab",
        anyOf: ["configure"],
        lazy: async () => ({ Component: (await import("@/pages/import/ImportPage")).ImportPage }),
      },
      {
        path: "planification",
        label: "planning.tab",
        anyOf: ["view_statistics", "configure"],
        lazy: async () => ({ Component: (await import("@/pages/planning/PlanningPage")).PlanningPage }),
      },
    ],
  },
  {
    name: "people",
    path: "/agents",
    label: "nav.people",
    pages: [
      {
        path: "liste",
        label: "agents.tab",
        anyOf: ["view_agents", "manage_agents"],
        lazy: async () => ({ Component: (await import("@/pages/agents/AgentsPage")).AgentsPage }),
      },
      {
        path: "droits",
        label: "rights.tab",
        anyOf: ["explain_policy"],
        lazy: async () => ({ Component: (await import("@/pages/rights/RightsPage")).RightsPage }),
      },
    ],
  },
];

/** The pages of a section that this agent may be offered, in the order of the tabs. */
export function pagesFor(section: Section, me: Pick<Me, "permissions">): SectionPage[] {
  return section.pages.filter(({ anyOf }) => anyOf.some((action) => me.permissions.includes(action)));
}
