import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import { Navigate, useLocation } from "react-router";
import { fetchMe, type Me, refreshSession } from "@/api/access";
import { onUnauthenticated } from "@/api/http";
import { ProblemError } from "@/api/problem";

/** The session lives 15 min on the server; renewing three times within that survives one lost request. */
const REFRESH_MS = 5 * 60_000;

/** How soon a revoked agent's screen leaves for the login page, whatever it shows. */
const WATCH_MS = 15_000;

const ME = ["me"] as const;
const Context = createContext<Me | null>(null);

async function meOrNobody({ signal }: { signal: AbortSignal }): Promise<Me | null> {
  try {
    return await fetchMe(signal);
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return null;
    throw error;
  }
}

/** Who is logged in: `undefined` while unknown, `null` for nobody. */
export function useWhoAmI() {
  return useQuery({
    queryKey: ME,
    queryFn: meOrNobody,
    staleTime: REFRESH_MS,
    refetchInterval: WATCH_MS,
    refetchIntervalInBackground: true,
  });
}

/** Asks at once whether the session still stands, when something that ended may mean that it does not. */
export function useSessionDoubt(doubtful: boolean): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (doubtful) void queries.invalidateQueries({ queryKey: ME });
  }, [doubtful, queries]);
}

/** The logged-in agent, below `RequireSession`. */
export function useMe(): Me {
  const me = useContext(Context);
  if (!me) throw new Error("useMe outside of RequireSession");
  return me;
}

/** Whether a screen may offer an action. A courtesy: the server judges every request again. */
export function can(me: Me, action: string): boolean {
  return me.permissions.includes(action);
}

/** The login page that comes back here; `?erreur=` of a failed login is told there, not carried along. */
function loginPageFor({ pathname, search }: { pathname: string; search: string }, ended: boolean): string {
  const here = new URLSearchParams(search);
  const problem = here.get("erreur") ?? (ended ? "session-terminee" : null);
  here.delete("erreur");
  const next = here.size > 0 ? `${pathname}?${here}` : pathname;
  return `/connexion?${new URLSearchParams({ next, ...(problem ? { erreur: problem } : {}) })}`;
}

/** Shows its children to a logged-in agent, the login page to anybody else, wherever a 401 happens. */
export function RequireSession({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const location = useLocation();
  const { data: me, error } = useWhoAmI();
  const hadSession = useRef(false);

  useEffect(() => onUnauthenticated(() => queries.setQueryData(ME, null)), [queries]);

  useEffect(() => {
    if (!me) return;
    hadSession.current = true;
    // A 401 is announced by `call`; another failure is tried again at the next turn.
    const timer = setInterval(() => void refreshSession().catch(() => undefined), REFRESH_MS);
    return () => clearInterval(timer);
  }, [me]);

  if (me) return <Context.Provider value={me}>{children}</Context.Provider>;
  if (me === undefined && !error) return null;
  return <Navigate to={loginPageFor(location, hadSession.current)} replace />;
}
