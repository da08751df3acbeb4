const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * Delay before attempt `attempt` (1 is the first retry): doubles from 0.5 s to 10 s, spread over ±25 % by
 * `random` in [0, 1) so that thirty consoles do not come back in the same instant.
 */
export function backoffDelay(attempt: number, random: number): number {
  const nominal = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
  return Math.round(nominal * (0.75 + random * 0.5));
}
