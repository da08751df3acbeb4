import { createBrowserRouter, Navigate } from "react-router";
import { Crash, NotFound } from "./Crash";
import { navigationFor } from "./navigation";
import { SectionShell } from "./SectionShell";
import { Shell } from "./Shell";
import { SECTIONS } from "./sections";
import { RequireSession, useMe } from "./session";

function Home() {
  const first = navigationFor(useMe())[0];
  return first ? <Navigate to={first.path} replace /> : <NotFound />;
}

/** One chunk per page; the map library comes with the map page only. */
export const router = createBrowserRouter([
  {
    path: "/connexion",
    errorElement: <Crash />,
    lazy: async () => ({ Component: (await import("@/pages/login/LoginPage")).LoginPage }),
  },
  {
    path: "/",
    element: (
      <RequireSession>
        <Shell />
      </RequireSession>
    ),
    errorElement: <Crash />,
    hydrateFallbackElement: <span />,
    children: [
      {
        errorElement: <Crash />,
        children: [
          { index: true, element: <Home /> },
          {
            path: "carte",
            lazy: async () => ({ Component: (await import("@/pages/map/MapPage")).MapPage }),
          },
          {
            path: "direct",
            lazy: async () => ({ Component: (await import("@/pages/live/LivePage")).LivePage }),
          },
          {
            path: "rondes",
            lazy: async () => ({ Component: (await import("@/pages/rondes/RondesPage")).RondesPage }),
          },
          {
            path: "relecture",
            lazy: async () => ({ Component: (await import("@/pages/replay/ReplayPage")).ReplayPage }),
          },
          {
            path: "incidents/:incidentId?",
            lazy: async () => ({
              Component: (await import("@/pages/incidents/IncidentsPage")).IncidentsPage,
            }),
          },
          {
            path: "partenaires",
            lazy: async () => ({ Component: (await import("@/pages/partners/PartnersPage")).PartnersPage }),
          },
          {
            path: "registre",
            lazy: async () => ({ Component: (await import("@/pages/register/RegisterPage")).RegisterPage }),
          },
          ...SECTIONS.map((section) => ({
            path: section.path.slice(1),
            element: <SectionShell section={section} />,
            children: section.pages.map(({ path, lazy }) => ({ path: `${path}/*`, lazy })),
          })),
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);
