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
  errors?: { field?: string; message: string }[];
}

/** `status` 0 stands for "no answer at all": network, server away. */
export const UNREACHABLE = 0;

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

/** Read a failed response; a body that is no problem document still gives a usable one. */
export async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    type: "about:blank",
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    detail: "",
  };
  try {
    const body: unknown = await response.json();
    if (typeof body !== "object" || body === null) return fallback;
    return { ...fallback, ...body, status: response.status };
  } catch {
    return fallback;
  }
}

export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { type: "urn:vigie:problem:console", title: "", status: UNREACHABLE, detail };
}
