import type { IncidentDispatch } from "@/api/incident";

/** A partner may have been warned twice: the operator wants to know how it stands now. */
export function latestPerPartner(dispatches: readonly IncidentDispatch[]): IncidentDispatch[] {
  const latest = new Map<string, IncidentDispatch>();
  for (const dispatch of dispatches) {
    const known = latest.get(dispatch.partner_id);
    if (!known || known.at <= dispatch.at) latest.set(dispatch.partner_id, dispatch);
  }
  return [...latest.values()];
}
