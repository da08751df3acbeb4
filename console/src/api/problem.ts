/** RFC 9457 problem details as Vigie's services send them: `title` and `detail` are sentences for a person. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Policy rule that refused, when this is a refusal. */
  rule?: string;
  /** Text of law or convention the rule comes from. */
  citation?: string;
  /** Word for why something is over, where one is given. */
  reason?: string;
  errors?: { field?: string; message: string }[];
}

/** `status` 0 stands for "no answer at all": network, server away. */
export const UNREACHABLE = 0;

/** Type of what the web server answers while the service behind it restarts; no service says it itself. */
const RESTARTING = "urn:vigie:problem:console-restarting";
const GATEWAY_STATUSES = [502, 503, 504];
/** 404 is also what is outside of an agent's scope, and a replay or session whose right ended. */
export const NO_RIGHT_STATUSES: readonly number[] = [401, 403, 404];

export const isRestarting = (problem: Problem): boolean => problem.type === RESTARTING;

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ProblemError";
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** Whether one has no right to it, or none any more: trying again does not change that. */
export const isNoRight = (error: unknown): boolean =>
  error instanceof ProblemError && NO_RIGHT_STATUSES.includes(error.status);

/** Read a failed response; a body that is no problem document still gives a usable one. */
export async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: GATEWAY_STATUSES.includes(response.status) ? RESTARTING : "about:blank",
    title: "",
    status: response.status,
    detail: `HTTP ${response.status}`,
  };
  try {
    const body: unknown = await response.json();
    if (typeof body !== "object" || body === null) return fallback;
    if (!("title" in body) || typeof body.title !== "string") return fallback;
    return { type: "about:blank", detail: "", ...body, title: body.title, status: response.status };
  } catch {
    return fallback;
  }
}

export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { type: "urn:vigie:problem:console", title: "", status: UNREACHABLE, detail };
}
