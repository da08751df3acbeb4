import { ProblemError } from "./problem";

const REFUSED = 403;

/**
 * A `refetchInterval` that ends with a refusal: each one is a line of the register, so what was refused is not asked
 * again by itself.
 */
export const unlessRefused = (ms: number) => (query: { state: { error: unknown } }) =>
  query.state.error instanceof ProblemError && query.state.error.status === REFUSED ? false : ms;
