import { describe, expect, it } from "vitest";
import { unlessRefused } from "@/api/polling";
import { isNoRight, isRestarting, ProblemError, problemOf } from "@/api/problem";

const html = (status: number) =>
  new Response("<html>Bad Gateway</html>", { status, statusText: "Bad Gateway" });

describe("a failed answer", () => {
  it.each([502, 503, 504])(
    "of the web server alone (%i) is a restart, without its English words",
    async (status) => {
      const problem = await problemOf(html(status));
      expect(isRestarting(problem)).toBe(true);
      expect(JSON.stringify(problem)).not.toContain("Bad Gateway");
    },
  );

  it("of a service keeps the service's own sentence, also with 503", async () => {
    const body = {
      type: "urn:vigie:problem:unavailable",
      title: "Indisponible",
      detail: "La caméra ne répond pas.",
    };
    const problem = await problemOf(new Response(JSON.stringify(body), { status: 503 }));
    expect(isRestarting(problem)).toBe(false);
    expect(problem).toMatchObject({ ...body, status: 503 });
  });

  it("of a service that sends no type is no restart", async () => {
    const problem = await problemOf(new Response(JSON.stringify({ title: "Indisponible" }), { status: 503 }));
    expect(isRestarting(problem)).toBe(false);
  });

  it("without a problem document names its status only", async () => {
    const problem = await problemOf(html(500));
    expect(isRestarting(problem)).toBe(false);
    expect(problem).toMatchObject({ title: "", detail: "HTTP 500" });
  });
});

describe("what is asked again by itself", () => {
  const answered = (status: number) =>
    new ProblemError({ type: "about:blank", title: "", status, detail: "" });

  it("is all but what was refused: each refusal is a line of the register", () => {
    const every = (error: unknown) => unlessRefused(5_000)({ state: { error } });
    expect(every(answered(403))).toBe(false);
    expect([null, new Error("lost"), answered(0), answered(404), answered(503)].map(every)).toEqual(
      Array(5).fill(5_000),
    );
  });

  it("knows that a right is missing from a server that is away", () => {
    expect([401, 403, 404].map((status) => isNoRight(answered(status)))).toEqual([true, true, true]);
    expect([answered(0), answered(409), answered(500), new Error("403"), null].map(isNoRight)).toEqual(
      Array(5).fill(false),
    );
  });
});
