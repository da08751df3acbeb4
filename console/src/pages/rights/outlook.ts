import type { CameraCount, Outlook, RefusedGroup, Simulation } from "@/api/policy";

/** What "see" means here: the actions on images, in the order of the summary. */
export const ACTIONS = ["live", "ptz", "snapshot", "share", "replay", "export"] as const;

/** A list of one action: the allowed cameras (rule null) or those that one rule refuses. */
export interface ListKey {
  action: string;
  rule: string | null;
  /** Two groups of one rule differ by what would open them. */
  openedBy: string;
}

export const keyOf = (action: string, group: RefusedGroup | null): ListKey => ({
  action,
  rule: group?.rule ?? null,
  openedBy: group?.opened_by.join(" ") ?? "",
});

export const refusedCount = (outlook: Outlook): number =>
  outlook.refused.reduce((sum, group) => sum + group.count, 0);

/** Finds a list again in another answer about the same agent and instant. */
export function listOf(simulation: Simulation, key: ListKey): CameraCount | undefined {
  const outlook = simulation.outlooks.find(({ action }) => action === key.action);
  if (!outlook || key.rule === null) return outlook?.allowed;
  return outlook.refused.find(
    (group) => group.rule === key.rule && group.opened_by.join(" ") === key.openedBy,
  );
}

/** The list with the page that follows what it already shows. */
export const followedBy = (shown: CameraCount, next: CameraCount): CameraCount => ({
  count: next.count,
  cameras: [...shown.cameras, ...next.cameras],
  next_after: next.next_after,
});
