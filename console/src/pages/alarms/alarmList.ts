import type { Alarm, AlarmFilter } from "@/api/alarms";

/** How an alarm stands: it lasts, it was over as it began, or it lasted so many milliseconds. */
export type Course = { kind: "ongoing" } | { kind: "momentary" } | { kind: "over"; ms: number };

export function courseOf(alarm: Pick<Alarm, "raised_at" | "ended_at">): Course {
  if (alarm.ended_at === null) return { kind: "ongoing" };
  const ms = Date.parse(alarm.ended_at) - Date.parse(alarm.raised_at);
  return ms > 0 ? { kind: "over", ms } : { kind: "momentary" };
}

/** Alarms of the street, of the fleet, or all. */
export function ofFamily(alarms: Alarm[], family: AlarmFilter["family"]): Alarm[] {
  if (family === "toutes") return alarms;
  return alarms.filter((alarm) => alarm.technical === (family === "technique"));
}

/** "45 s", "3 min", "2 h 05": what a person needs of a duration. */
export function shortDuration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
}
