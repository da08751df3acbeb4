import type { Incident } from "@/api/incident";

/** Order of the queue: what is closed last, then the gravest, then the oldest first (it waits the longest). */
export function byUrgency(a: Incident, b: Incident): number {
  const closed = Number(a.closed_at !== null) - Number(b.closed_at !== null);
  if (closed !== 0) return closed;
  if (a.closed_at !== null && b.closed_at !== null) return b.closed_at.localeCompare(a.closed_at);
  return a.priority.localeCompare(b.priority) || a.detected_at.localeCompare(b.detected_at);
}
