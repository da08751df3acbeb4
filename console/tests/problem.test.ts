import { describe, expect, it } from "vitest";
import { isRestarting, problemOf } from "@/api/problem";

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
