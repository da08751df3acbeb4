import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SequenceTracker } from "@/push/sequence";
import { type SseEvent, SseParser } from "@/push/sse";
import { SseLine } from "@/push/sseLine";

describe("SequenceTracker", () => {
  it("starts from the greeting and resumes after the last number", () => {
    const tracker = new SequenceTracker();
    expect(tracker.resumeAfter).toBeNull();
    expect(tracker.greeted(40)).toBe("next");
    expect(tracker.received(43)).toBe("next");
    expect(tracker.resumeAfter).toBe(43);
  });

  it("ignores what comes twice", () => {
    const tracker = new SequenceTracker();
    tracker.greeted(40);
    tracker.received(41);
    expect(tracker.received(41)).toBe("duplicate");
    expect(tracker.received(39)).toBe("duplicate");
    expect(tracker.resumeAfter).toBe(41);
  });

  it("takes a greeting at the same place for a clean resume, at another for a gap", () => {
    const tracker = new SequenceTracker();
    tracker.greeted(40);
    expect(tracker.greeted(40)).toBe("next");
    expect(tracker.greeted(45)).toBe("gap");
  });

  it("calls a reset a gap and goes on from there, even backwards", () => {
    const tracker = new SequenceTracker();
    tracker.greeted(1000);
    expect(tracker.reset(3)).toBe("gap");
    expect(tracker.received(4)).toBe("next");
  });
});

describe("SseParser", () => {
  const text =
    'id: 7\r\nevent: incident_opened\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: ping\r\n\r\ndata: x\r\n\r\n';
  const expected = [
    { event: "incident_opened", id: "7", data: '{"a":\n1}' },
    "comment",
    { event: "message", id: null, data: "x" },
  ];

  it("reads events, multi-line data and heartbeats", () => {
    expect(new SseParser().push(text)).toEqual(expected);
  });

  it("reads the same wherever the network cuts", () => {
    for (let cut = 1; cut < text.length; cut += 1) {
      const parser = new SseParser();
      expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]).toEqual(expected);
    }
  });

  it("keeps an unfinished block for later", () => {
    const parser = new SseParser();
    expect(parser.push("data: half\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ event: "message", id: null, data: "half" }]);
  });
});

describe("SseLine on a real HTTP server", () => {
  let server: Server | undefined;
  let line: SseLine | undefined;

  afterEach(() => {
    line?.close();
    server?.closeAllConnections();
    server?.close();
  });

  async function serve(
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<string> {
    const created = createServer(handler);
    server = created;
    await new Promise<void>((resolve) => created.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(created.address() as AddressInfo).port}/api/incident/live`;
  }

  it("comes back after a cut and asks for what follows the last number", async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      const after = request.headers["last-event-id"] as string | undefined;
      asked.push(after);
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const next = after === undefined ? 11 : Number(after) + 1;
      response.write(`: ping\n\nid: ${next}\nevent: incident_opened\ndata: {}\n\n`);
      if (after === undefined) setTimeout(() => response.destroy(), 20);
    });
    const tracker = new SequenceTracker();
    const events: SseEvent[] = [];
    let downs = 0;
    await new Promise<void>((resolve) => {
      line = new SseLine(url, () => tracker.resumeAfter, {
        onEvent: (event) => {
          events.push(event);
          tracker.received(Number(event.id));
          if (events.length === 2) resolve();
        },
        onPulse: () => undefined,
        onDown: () => {
          downs += 1;
        },
      });
      line.open();
    });
    expect(asked).toEqual([undefined, "11"]);
    expect(events.map(({ id }) => id)).toEqual(["11", "12"]);
    expect(downs).toBe(1);
  });

  it("does not ask again after a refusal", async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.writeHead(403);
      response.end();
    });
    await new Promise<void>((resolve) => {
      line = new SseLine(url, () => null, {
        onEvent: () => expect.unreachable(),
        onPulse: () => expect.unreachable(),
        onDown: resolve,
      });
      line.open();
    });
    await new Promise((resolve) => setTimeout(resolve, 800)); // longer than the first retry would wait
    expect(asked).toBe(1);
  });

  it("tells that the line is down when the server is away", async () => {
    const url = await serve((_, response) => {
      response.writeHead(503);
      response.end();
    });
    await new Promise<void>((resolve) => {
      line = new SseLine(url, () => null, {
        onEvent: () => expect.unreachable(),
        onPulse: () => expect.unreachable(),
        onDown: resolve,
      });
      line.open();
    });
  });
});
