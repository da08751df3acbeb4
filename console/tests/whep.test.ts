import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onUnauthenticated } from "@/api/http";
import { type WhepFailure, WhepLine, type WhepPatience } from "@/live/whep";

/** A peer connection as far as signalling goes; media are tested in a real browser by the suite of the gateway. */
class Peer {
  connectionState = "new";
  iceGatheringState = "new";
  localDescription: { sdp: string } | null = null;
  remote: unknown = null;
  closed = false;
  receiver = {
    jitterBufferTarget: null as number | null,
    transport: { state: "new", onstatechange: null as (() => void) | null },
  };
  directions: unknown[] = [];
  ontrack: ((event: { track: Record<string, unknown> }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;

  addTransceiver(kind: string, init: unknown) {
    this.directions.push([kind, init]);
    return { receiver: this.receiver };
  }
  createOffer() {
    return Promise.resolve({ type: "offer", sdp: "v=0 offer" });
  }
  setLocalDescription(description: { sdp: string }) {
    this.localDescription = description;
    queueMicrotask(() => {
      this.iceGatheringState = "complete";
      this.onicegatheringstatechange?.();
    });
    return Promise.resolve();
  }
  setRemoteDescription(description: unknown) {
    this.remote = description;
    this.ontrack?.({ track: {} });
    return Promise.resolve();
  }
  close() {
    this.closed = true;
  }
}

/** A `<video>` whose frames come when the test says so. */
class Video {
  srcObject: unknown = null;
  muted = false;
  dataset: Record<string, string> = {};
  waiting: ((now: number, metadata: { presentedFrames: number }) => void) | null = null;
  frames = 0;

  play() {
    return Promise.resolve();
  }
  requestVideoFrameCallback(call: (now: number, metadata: { presentedFrames: number }) => void) {
    this.waiting = call;
    return 1;
  }
  cancelVideoFrameCallback() {
    this.waiting = null;
  }
  frame(now: number) {
    this.frames += 1;
    const call = this.waiting;
    this.waiting = null;
    call?.(now, { presentedFrames: this.frames });
  }
}

interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

const PATIENT: WhepPatience = { firstFrameMs: 60_000, silenceMs: 60_000, gatheringMs: 60_000 };

describe("WhepLine", () => {
  let server: Server;
  let origin: string;
  let asked: Asked[];
  let answer: (response: ServerResponse) => void;
  let peer: Peer;
  let video: Video;
  let failures: WhepFailure[];
  let firstFrames: number;
  let hidden: boolean;

  beforeEach(async () => {
    vi.stubGlobal("MediaStream", class {});
    [asked, failures, firstFrames, hidden] = [[], [], 0, false];
    [peer, video] = [new Peer(), new Video()];
    answer = (response) => {
      response.writeHead(201, {
        "Content-Type": "application/sdp",
        Location: "/api/stream/sessions/s%201/whep/p",
      });
      response.end("v=0 answer");
    };
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
        if (request.method === "POST") answer(response);
        else response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    server.closeAllConnections();
    server.close();
  });

  function line(patience: Partial<WhepPatience> = {}): WhepLine {
    return new WhepLine(
      video as unknown as HTMLVideoElement,
      {
        whep_token: "secret",
        whep_path: "/api/stream/sessions/s%201/whep",
      },
      {
        onFirstFrame: () => {
          firstFrames += 1;
        },
        onFailure: (failure) => failures.push(failure),
      },
      { ...PATIENT, ...patience },
      {
        connection: () => peer as unknown as RTCPeerConnection,
        fetch: (input, init) => fetch(origin + String(input), init),
        hidden: () => hidden,
      },
    );
  }

  const answered = () => vi.waitFor(() => expect(video.waiting).not.toBeNull());

  it("offers to receive video, takes the answer and tells the first frame once", async () => {
    const opened = line();
    opened.start();
    await answered();
    expect(peer.directions).toEqual([["video", { direction: "recvonly" }]]);
    expect(peer.receiver.jitterBufferTarget).toBe(0);
    expect(peer.remote).toEqual({ type: "answer", sdp: "v=0 answer" });
    expect(asked[0]).toMatchObject({
      method: "POST",
      url: "/api/stream/sessions/s%201/whep",
      body: "v=0 offer",
    });
    expect(asked[0]?.headers).toMatchObject({
      "content-type": "application/sdp",
      "x-vigie": "1",
      "x-vigie-session-token": "secret",
    });
    expect(opened.frameAge(5)).toBeNull();
    video.frame(1000);
    video.frame(1040);
    expect(firstFrames).toBe(1);
    expect(opened.frameAge(1100)).toBe(60);
    expect(video.dataset.presentedFrames).toBe("2");
    opened.stop();
    expect(failures).toEqual([]);
  });

  it("leaves when it is stopped: peer closed, resource deleted, nothing told", async () => {
    const opened = line();
    opened.start();
    await answered();
    opened.stop();
    opened.stop();
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    expect(asked[1]).toMatchObject({ method: "DELETE", url: "/api/stream/sessions/s%201/whep/p" });
    expect(asked[1]?.headers).toMatchObject({ "x-vigie": "1" });
    expect(peer.closed).toBe(true);
    expect(video.srcObject).toBeNull();
    peer.connectionState = "closed";
    peer.onconnectionstatechange?.();
    expect(failures).toEqual([]);
  });

  it("hands on the server's refusal", async () => {
    answer = (response) => {
      response.writeHead(415, { "Content-Type": "application/problem+json" });
      response.end(JSON.stringify({ title: "Codec non porté", detail: "H.265", fallback: "websocket" }));
    };
    line().start();
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    expect(failures[0]).toMatchObject({
      cause: "refused",
      problem: { status: 415, title: "Codec non porté" },
    });
    expect(peer.closed).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it("does not take a session token that ran out for the end of the agent's session", async () => {
    let loggedOut = false;
    const leave = onUnauthenticated(() => {
      loggedOut = true;
    });
    answer = (response) => {
      response.writeHead(401, { "Content-Type": "application/problem+json" });
      response.end(JSON.stringify({ title: "Jeton expiré" }));
    };
    line().start();
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    leave();
    expect(failures[0]).toMatchObject({ cause: "refused", problem: { status: 401 } });
    expect(loggedOut).toBe(false);
  });

  it("calls an unreachable server a broken line", async () => {
    answer = (response) => response.destroy();
    line().start();
    await vi.waitFor(() => expect(failures).toEqual([{ cause: "broken" }]));
  });

  it.each(["failed", "closed"])("is broken when the connection is %s, and says so once", async (state) => {
    line().start();
    await answered();
    peer.connectionState = "connected";
    peer.onconnectionstatechange?.();
    expect(failures).toEqual([]);
    peer.connectionState = state;
    peer.onconnectionstatechange?.();
    peer.onconnectionstatechange?.();
    expect(failures).toEqual([{ cause: "broken" }]);
  });

  it("is broken when the gateway says goodbye", async () => {
    line().start();
    await answered();
    await vi.waitFor(() => expect(peer.receiver.transport.onstatechange).not.toBeNull());
    peer.receiver.transport.state = "connected";
    peer.receiver.transport.onstatechange?.();
    expect(failures).toEqual([]);
    peer.receiver.transport.state = "closed";
    peer.receiver.transport.onstatechange?.();
    expect(failures).toEqual([{ cause: "broken" }]);
  });

  it("gives up without a first frame", async () => {
    line({ firstFrameMs: 200 }).start();
    await vi.waitFor(() => expect(failures).toEqual([{ cause: "no-picture" }]));
    expect(firstFrames).toBe(0);
  });

  it("gives up when pictures stop, but not while nobody can see them", async () => {
    line({ silenceMs: 20 }).start();
    await answered();
    hidden = true;
    video.frame(1000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(failures).toEqual([]);
    hidden = false;
    await vi.waitFor(() => expect(failures).toEqual([{ cause: "silence" }]));
  });

  it("tells of nothing while it is held, and keeps its picture until it is stopped", async () => {
    const opened = line({ silenceMs: 20 });
    opened.start();
    await answered();
    video.frame(1000);
    opened.hold();
    const shown = video.srcObject;
    peer.connectionState = "failed";
    peer.onconnectionstatechange?.();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(failures).toEqual([]);
    expect(shown).not.toBeNull();
    expect(video.srcObject).toBe(shown);
    opened.stop();
    expect(video.srcObject).toBeNull();
    expect(peer.closed).toBe(true);
  });

  it("does not begin what was stopped during the exchange", async () => {
    let release: () => void = () => undefined;
    const given = answer;
    answer = (response) => {
      release = () => given(response);
    };
    const opened = line();
    opened.start();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    opened.stop();
    release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(peer.remote).toBeNull();
    expect(failures).toEqual([]);
  });
});
