import { expect, it } from "vitest";
import { backoffDelay } from "@/live/backoff";

it("doubles up to ten seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 20].map((attempt) => backoffDelay(attempt, 0.5))).toEqual([
    500, 1000, 2000, 4000, 8000, 10_000, 10_000,
  ]);
});

it("spreads by a quarter either way", () => {
  expect(backoffDelay(1, 0)).toBe(375);
  expect(backoffDelay(1, 0.999)).toBe(625);
});
