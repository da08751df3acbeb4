import type { MediaNode, Recorder } from "@/api/recording";
import { plain } from "@/cameras/search";
import type { Tone } from "@/design/StateDot";

/**
 * The minima of the arrêté du 3 août 2007, annexe technique: 4 CIF and 12 pictures a second for a narrow field, CIF
 * and 6 otherwise. Which one binds a camera is not decided here.
 */
export const NARROW = { width: 704, height: 576, fps: 12 } as const;
export const OTHERWISE = { width: 352, height: 288, fps: 6 } as const;
/** A nominal 12 pictures a second measures a little less over some seconds. */
const FPS_TOLERANCE = 0.05;

/** Beyond this the camera's own time inset can mislead who reads it. */
const CLOCK_OFF_MS = 2_000;
/** Reports come every few seconds. */
const SILENT_MS = 30_000;

/** What may be wrong with a recording, the gravest first. */
export const TROUBLES = [
  "lost",
  "silent",
  "stopped",
  "below_all",
  "starting",
  "below_narrow",
  "clock",
  "compatible",
  "restarts",
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** Worth knowing, but nothing is missing. */
const REMARKS = new Set<Trouble>(["compatible", "restarts"]);
const GRAVE = new Set<Trouble>(["lost", "silent", "stopped", "below_all"]);

type Minimum = { width: number; height: number; fps: number };

/** Whether what is known of the last segment falls short of a minimum, however the picture is turned. */
export function isBelow(recorder: Pick<Recorder, "width" | "height" | "fps">, minimum: Minimum): boolean {
  const { width, height, fps } = recorder;
  const small =
    width !== null &&
    height !== null &&
    (Math.max(width, height) < minimum.width || Math.min(width, height) < minimum.height);
  return small || (fps !== null && fps < minimum.fps * (1 - FPS_TOLERANCE));
}

/**
 * The moment of the newest report, in ms of the server's clock: that of a workstation may be off by more than what
 * makes a recorder silent. When all of them are silent, the nodes' signs of life tell.
 */
export function newestReport(recorders: readonly Recorder[]): number {
  return recorders.reduce((newest, { seen_at }) => Math.max(newest, Date.parse(seen_at)), 0);
}

export function troublesOf(recorder: Recorder, now: number): Trouble[] {
  const found = new Set<Trouble>();
  const { state } = recorder;
  if (state === "lost" || state === "stopped" || state === "starting") found.add(state);
  if (now - Date.parse(recorder.seen_at) > SILENT_MS) found.add("silent");
  if (isBelow(recorder, OTHERWISE)) found.add("below_all");
  else if (isBelow(recorder, NARROW)) found.add("below_narrow");
  if (Math.abs(recorder.clock_offset_ms ?? 0) > CLOCK_OFF_MS) found.add("clock");
  if (recorder.engine !== null && recorder.engine_reason) found.add("compatible");
  if (recorder.restarts > 0) found.add("restarts");
  return TROUBLES.filter((trouble) => found.has(trouble));
}

export function toneOf(troubles: readonly Trouble[]): Tone {
  if (troubles.some((trouble) => GRAVE.has(trouble))) return "bad";
  return troubles.some((trouble) => !REMARKS.has(trouble)) ? "warn" : "good";
}

export interface RecorderLine {
  recorder: Recorder;
  label: string;
  troubles: Trouble[];
}

export interface RecorderFilter {
  text: string;
  /** One trouble, or any that is more than a remark; null: all recorders. */
  trouble: Trouble | "any" | null;
  node: string | null;
}

export const NO_FILTER: RecorderFilter = { text: "", trouble: null, node: null };

/** The recorders that answer the filter: the gravest trouble first, then those with more of them, then by name. */
export function recorderLines(
  recorders: readonly Recorder[],
  labelOf: (cameraId: string) => string,
  filter: RecorderFilter,
  now: number,
): RecorderLine[] {
  const words = plain(filter.text).split(/\s+/).filter(Boolean);
  const rank = ({ troubles }: RecorderLine) =>
    troubles[0] === undefined ? TROUBLES.length : TROUBLES.indexOf(troubles[0]);
  return recorders
    .map((recorder) => ({
      recorder,
      label: labelOf(recorder.camera_id),
      troubles: troublesOf(recorder, now),
    }))
    .filter(({ recorder, label, troubles }) => {
      if (filter.node !== null && recorder.node_id !== filter.node) return false;
      if (filter.trouble === "any" && troubles.every((trouble) => REMARKS.has(trouble))) return false;
      if (filter.trouble !== null && filter.trouble !== "any" && !troubles.includes(filter.trouble))
        return false;
      const haystack = plain(`${label} ${recorder.camera_id} ${recorder.node_id}`);
      return words.every((word) => haystack.includes(word));
    })
    .sort(
      (one, other) =>
        rank(one) - rank(other) ||
        other.troubles.length - one.troubles.length ||
        one.label.localeCompare(other.label, "fr", { numeric: true }),
    );
}

/** How grave it is how a node does. */
export function nodeTone(node: Pick<MediaNode, "alive" | "state" | "cameras" | "capacity">): Tone {
  if (node.state === "stopped") return "idle";
  if (!node.alive) return "bad";
  if (node.state === "draining" || node.cameras >= node.capacity) return "warn";
  return node.state === "spare" ? "idle" : "good";
}

/** Nodes that need a look first, then by name. */
export function nodesInOrder(nodes: readonly MediaNode[]): MediaNode[] {
  const rank: Record<Tone, number> = { bad: 0, warn: 1, good: 2, idle: 3 };
  return [...nodes].sort(
    (one, other) =>
      rank[nodeTone(one)] - rank[nodeTone(other)] ||
      one.node_id.localeCompare(other.node_id, "fr", { numeric: true }),
  );
}
