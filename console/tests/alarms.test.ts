import { describe, expect, it } from "vitest";
import type { Alarm } from "@/api/alarms";
import { courseOf, ofFamily, shortDuration } from "@/pages/alarms/alarmList";

const alarm = (changes: Partial<Alarm>): Alarm =>
  ({
    alarm_id: "1",
    technical: false,
    raised_at: "2026-07-14T20:00:00Z",
    ended_at: null,
    ...changes,
  }) as Alarm;

describe("alarms", () => {
  it("lasts until it is ended", () => {
    expect(courseOf(alarm({}))).toEqual({ kind: "ongoing" });
    expect(courseOf(alarm({ ended_at: "2026-07-14T20:00:00Z" }))).toEqual({ kind: "momentary" });
    expect(courseOf(alarm({ ended_at: "2026-07-14T20:01:30Z" }))).toEqual({ kind: "over", ms: 90_000 });
  });

  it("is of the street or of the fleet", () => {
    const both = [alarm({ alarm_id: "street" }), alarm({ alarm_id: "fleet", technical: true })];
    expect(ofFamily(both, "toutes")).toEqual(both);
    expect(ofFamily(both, "rue").map((one) => one.alarm_id)).toEqual(["street"]);
    expect(ofFamily(both, "technique").map((one) => one.alarm_id)).toEqual(["fleet"]);
  });

  it("tells a duration in a few characters", () => {
    expect(shortDuration(200)).toBe("1 s");
    expect(shortDuration(59_400)).toBe("59 s");
    expect(shortDuration(200_000)).toBe("3 min");
    expect(shortDuration(7_500_000)).toBe("2 h 05");
  });
});
