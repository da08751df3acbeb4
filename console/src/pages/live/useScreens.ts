import { useQuery, useQueryClient } from "@tanstack/react-query";
import { fetchScreens, type Screen } from "@/api/scenes";
import { useLive } from "@/push/useLive";
import { useRefresh } from "@/push/useRefresh";

const SCREENS = ["screens"] as const;

/** The screens of the wall, in step with the facts. */
export function useScreens(enabled = true) {
  const queries = useQueryClient();
  const refresh = useRefresh(SCREENS);
  useLive("stream", {
    onFact: (fact) => {
      if (enabled && fact === "screen_changed") refresh();
    },
    onGap: () => {
      if (enabled) refresh();
    },
  });
  const query = useQuery({ queryKey: SCREENS, queryFn: fetchScreens, enabled });
  /** What an answer said of one screen, before the fact comes round. */
  const learned = (screen: Screen) =>
    queries.setQueryData<Screen[]>(SCREENS, (known) =>
      known?.map((each) => (each.screen_id === screen.screen_id ? screen : each)),
    );
  return { ...query, refresh, learned };
}
