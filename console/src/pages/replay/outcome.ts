import { isNoRight } from "@/api/problem";
import type { Replay } from "@/api/replay";

/** A camera whose replay was not opened, and why. */
export interface Refusal {
  cameraId: string;
  reason: unknown;
}

/** What came of one demand: each camera was decided by itself. */
export interface Opening {
  opened: Replay[];
  refused: Refusal[];
}

/** The answers for several cameras, in their order; when none was opened, the first reason is thrown. */
export function openingOf(cameraIds: string[], answers: PromiseSettledResult<Replay>[]): Opening {
  const opened = answers.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const refused = answers.flatMap((one, n) =>
    one.status === "rejected" ? [{ cameraId: cameraIds[n] ?? "", reason: one.reason as unknown }] : [],
  );
  const [first] = refused;
  if (first && opened.length === 0) throw first.reason;
  return { opened, refused };
}

/** Why the replays cannot be shown (any more): a known timeline outlives a lost request, not the right to it. */
export const failureOf = (timelines: { data: unknown; error: unknown }[]): unknown =>
  timelines.find(({ data, error }) => error && (!data || isNoRight(error)))?.error ?? null;
