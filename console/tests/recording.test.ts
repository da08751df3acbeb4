import { describe, expect, it } from "vitest";
import type { LedgerLine, MediaNode, Recorder } from "@/api/recording";
import { pagesFor, SECTIONS } from "@/app/sections";
import {
  bandsOf,
  dayWindow,
  formatSeconds,
  ledgerCsv,
  shifted,
  todayInParis,
  total,
  wholeSeconds,
} from "@/pages/recording/ledger";
import {
  isBelow,
  NARROW,
  NO_FILTER,
  newestReport,
  nodesInOrder,
  nodeTone,
  OTHERWISE,
  recorderLines,
  toneOf,
  troublesOf,
} from "@/pages/recording/troubles";

const NOW = Date.parse("2026-12-01T12:00:00Z");

const recorder = (change: Partial<Recorder> = {}): Recorder => ({
  camera_id: "cam-1",
  state: "recording",
  reason: "",
  last_byte_at: "2026-12-01T11:59:59Z",
  last_segment_at: "2026-12-01T11:59:55Z",
  restarts: 0,
  seen_at: "2026-12-01T11:59:58Z",
  node_id: "media-1",
  engine: "native",
  engine_reason: null,
  width: 1920,
  height: 1080,
  fps: 25,
  kbps: 2000,
  clock_offset_ms: 40,
  ...change,
});

const node = (change: Partial<MediaNode> = {}): MediaNode => ({
  node_id: "media-1",
  state: "active",
  alive: true,
  heard_seconds_ago: 0.4,
  started_at: "2026-12-01T00:00:00Z",
  version: "1.0",
  communes: [],
  capacity: 700,
  cameras: 300,
  camera_ids: [],
  ...change,
});

const line = (change: Partial<LedgerLine> = {}): LedgerLine => ({
  camera_id: "cam-1",
  label: "Gare",
  insee: "62119",
  expected_seconds: 86_400,
  recorded_seconds: 86_340,
  gap_seconds: 60,
  open_seconds: 0,
  gaps: [],
  edge: [],
  ...change,
});

describe("page", () => {
  it("is a tab of the fleet for whoever supervises or configures", () => {
    const fleet = SECTIONS.find(({ name }) => name === "fleet");
    if (!fleet) throw new Error("no fleet");
    const paths = (...permissions: string[]) => pagesFor(fleet, { permissions }).map(({ path }) => path);
    expect(paths("supervise")).toContain("enregistrement");
    expect(paths("configure")).toContain("enregistrement");
    expect(paths("view_camera", "live")).not.toContain("enregistrement");
  });
});

describe("legal minimum", () => {
  it.each([
    [704, 576, 12, false, false],
    [576, 704, 12, false, false],
    [703, 576, 12, true, false],
    [1920, 1080, 11.5, false, false],
    [1920, 1080, 11, true, false],
    [352, 288, 6, true, false],
    [352, 240, 25, true, true],
    [1920, 1080, 5, true, true],
    [null, null, null, false, false],
  ])("%s × %s at %s: narrow short %s, otherwise short %s", (width, height, fps, narrow, otherwise) => {
    expect(isBelow({ width, height, fps }, NARROW)).toBe(narrow);
    expect(isBelow({ width, height, fps }, OTHERWISE)).toBe(otherwise);
  });
});

describe("recorders", () => {
  it("that record have no trouble", () => {
    expect(troublesOf(recorder(), NOW)).toEqual([]);
    expect(toneOf([])).toBe("good");
  });

  it("tell all that is wrong, the gravest first", () => {
    const worst = recorder({
      state: "lost",
      fps: 5,
      clock_offset_ms: -5_000,
      restarts: 3,
      engine_reason: "Q",
    });
    expect(troublesOf(worst, NOW)).toEqual(["lost", "below_all", "clock", "compatible", "restarts"]);
  });

  it("are silent half a minute after their last report", () => {
    expect(troublesOf(recorder({ seen_at: "2026-12-01T11:59:30Z" }), NOW)).toEqual([]);
    expect(troublesOf(recorder({ seen_at: "2026-12-01T11:59:29Z" }), NOW)).toEqual(["silent"]);
  });

  it("are judged by the newest report, not by the workstation's clock", () => {
    const reports = [recorder({ seen_at: "2026-12-01T11:00:00Z" }), recorder()];
    expect(newestReport(reports)).toBe(Date.parse("2026-12-01T11:59:58Z"));
    expect(newestReport([])).toBe(0);
  });

  it("are good for who only has a remark", () => {
    expect(toneOf(["compatible", "restarts"])).toBe("good");
    expect(toneOf(["below_narrow"])).toBe("warn");
    expect(toneOf(["below_all"])).toBe("bad");
  });

  const fleet = [
    recorder({ camera_id: "b" }),
    recorder({ camera_id: "a" }),
    recorder({ camera_id: "late", clock_offset_ms: 9_000 }),
    recorder({ camera_id: "gone", state: "lost", node_id: "media-2" }),
    recorder({ camera_id: "ffmpeg", engine: "ffmpeg", engine_reason: "flux H.264 entrelacé" }),
  ];
  const ids = (filter: Partial<typeof NO_FILTER>) =>
    recorderLines(fleet, (id) => `Caméra ${id}`, { ...NO_FILTER, ...filter }, NOW).map(
      ({ recorder: { camera_id } }) => camera_id,
    );

  it("come with the troubled ones first, then by name", () => {
    expect(ids({})).toEqual(["gone", "late", "ffmpeg", "a", "b"]);
  });

  it("are filtered by words, trouble and node together", () => {
    expect(ids({ text: "CAMERA gone" })).toEqual(["gone"]);
    expect(ids({ trouble: "any" })).toEqual(["gone", "late"]);
    expect(ids({ trouble: "compatible" })).toEqual(["ffmpeg"]);
    expect(ids({ node: "media-2" })).toEqual(["gone"]);
    expect(ids({ node: "media-2", trouble: "clock" })).toEqual([]);
  });
});

describe("media nodes", () => {
  it("are in order of what needs a look", () => {
    const nodes = [
      node({ node_id: "media-10" }),
      node({ node_id: "media-2" }),
      node({ node_id: "spare", state: "spare" }),
      node({ node_id: "full", cameras: 700 }),
      node({ node_id: "mute", alive: false }),
      node({ node_id: "ended", alive: false, state: "stopped" }),
    ];
    expect(nodesInOrder(nodes).map(({ node_id }) => node_id)).toEqual([
      "mute",
      "full",
      "media-2",
      "media-10",
      "ended",
      "spare",
    ]);
    expect(nodeTone(node({ state: "draining" }))).toBe("warn");
  });
});

describe("ledger", () => {
  it("shows whole seconds that add up, whatever the remainders", () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let turn = 0; turn < 500; turn += 1) {
      const [recorded_seconds, gap_seconds, open_seconds] = [random(), random(), random()].map(
        (share) => Math.round(share * 30_000 * 1000) / 1000,
      ) as [number, number, number];
      const expected_seconds = recorded_seconds + gap_seconds + open_seconds;
      const sums = wholeSeconds({ expected_seconds, recorded_seconds, gap_seconds, open_seconds });
      expect(sums.recorded + sums.gap + sums.open).toBe(sums.expected);
      expect(Math.abs(sums.recorded - recorded_seconds)).toBeLessThan(1);
      expect(Math.abs(sums.gap - gap_seconds)).toBeLessThan(1);
      expect(Math.abs(sums.open - open_seconds)).toBeLessThan(1);
      expect(Math.abs(sums.expected - expected_seconds)).toBeLessThanOrEqual(0.501);
    }
  });

  it("gives the second to the largest remainder", () => {
    const sums = wholeSeconds({
      expected_seconds: 3,
      recorded_seconds: 1.2,
      gap_seconds: 1.7,
      open_seconds: 0.1,
    });
    expect(sums).toEqual({ expected: 3, recorded: 1, gap: 2, open: 0 });
  });

  it("totals what it shows", () => {
    const sums = wholeSeconds(line());
    expect(total([sums, sums])).toEqual({ expected: 172_800, recorded: 172_680, gap: 120, open: 0 });
    expect(total([])).toEqual({ expected: 0, recorded: 0, gap: 0, open: 0 });
  });

  it("writes seconds to the second, beyond a day too", () => {
    expect(formatSeconds(0)).toBe("00:00:00");
    expect(formatSeconds(86_399)).toBe("23:59:59");
    expect(formatSeconds(172_861)).toBe("48:01:01");
  });

  it("knows the days of Paris, also when the clocks change", () => {
    const hours = (day: string) => {
      const window = dayWindow(day);
      return window && (window.ends - window.starts) / 3_600_000;
    };
    expect(hours("2026-12-01")).toBe(24);
    expect(hours("2026-03-29")).toBe(23);
    expect(hours("2026-10-25")).toBe(25);
    expect(dayWindow("demain")).toBeNull();
    expect(todayInParis(new Date("2026-11-30T23:30:00Z"))).toBe("2026-12-01");
    expect(shifted("2026-03-01", -1)).toBe("2026-02-28");
    expect(shifted("2026-12-31", 1)).toBe("2027-01-01");
  });

  it("draws gaps where they were, and never too thin to see", () => {
    const window = dayWindow("2026-12-01");
    if (!window) throw new Error("no day");
    const gap = (started_at: string, ended_at: string) => ({ started_at, ended_at, cause: "caméra perdue" });
    const bands = bandsOf(
      [
        gap("2026-12-01T05:00:00Z", "2026-12-01T11:00:00Z"),
        gap("2026-12-01T12:00:00Z", "2026-12-01T12:00:01Z"),
        gap("2026-12-01T22:59:59Z", "2026-12-01T23:00:00Z"),
        gap("2026-11-30T20:00:00Z", "2026-12-01T05:00:00Z"),
      ],
      window,
    );
    expect(bands[0]).toMatchObject({ left: 25, width: 25 });
    for (const { left, width } of bands) {
      expect(width).toBeGreaterThanOrEqual(0.3);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(100.0001);
    }
    expect(bands[3]).toMatchObject({ left: 0, width: 25 });
  });

  it("writes a file that a spreadsheet reads as text, not as formulas", () => {
    const cause = '=caméra "perdue"; reprise';
    const gaps = [{ started_at: "2026-12-01T05:00:00Z", ended_at: "2026-12-01T05:01:00Z", cause }];
    const words = {
      columns: ["nature", "jour"],
      total: "total",
      gap: "trou déclaré",
      edge: "carte",
      stored: "repris",
    };
    const edge = [
      { started_at: "2026-12-01T05:00:00Z", ended_at: "2026-12-01T05:00:40Z", times: 1, reason: "" },
      {
        started_at: "2026-12-01T05:00:40Z",
        ended_at: "2026-12-01T05:01:00Z",
        times: 5,
        reason: "la carte n'a pas gardé ce moment",
      },
    ];
    const csv = ledgerCsv("2026-12-01", [line({ gaps, edge })], words);
    expect(csv.startsWith("\ufeffnature;jour\r\n")).toBe(true);
    expect(csv).toContain("total;2026-12-01;cam-1;Gare;62119;86400;86340;60;0;;;\r\n");
    expect(csv).toContain(
      'trou déclaré;2026-12-01;cam-1;Gare;62119;;;;;2026-12-01T05:00:00Z;2026-12-01T05:01:00Z;"\'=caméra ""perdue""; reprise"',
    );
    expect(csv).toContain(
      "carte;2026-12-01;cam-1;Gare;62119;;;;;2026-12-01T05:00:00Z;2026-12-01T05:00:40Z;repris\r\n",
    );
    expect(csv).toContain("2026-12-01T05:00:40Z;2026-12-01T05:01:00Z;la carte n'a pas gardé ce moment\r\n");
  });
});
