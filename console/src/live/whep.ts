import { asProblem, type Problem, ProblemError, problemOf } from "@/api/problem";

/**
 * Watches one granted session over WebRTC (WHEP: our offer, the gateway's answer) in one `<video>`.
 *
 * It opens no session and renews no lease: whoever owns the session does. It never tries again by itself: when the line
 * cannot be had or goes silent it says so once, and the owner takes the WebSocket, which also tells reasons.
 */

/** Why the line ended: refused by the server, no picture in time, pictures stopped, or the connection broke. */
export type WhepFailure =
  | { cause: "refused"; problem: Problem }
  | { cause: "unsupported" }
  | { cause: "no-picture" }
  | { cause: "silence" }
  | { cause: "broken" };

/** What a session of the API gives; `StreamSession` fits. */
export interface WhepSession {
  /** The session's `token` opens the WebSocket only. */
  whep_token: string;
  whep_path: string;
}

export interface WhepCalls {
  /** A frame is on screen (`requestVideoFrameCallback`, never `currentTime`). */
  onFirstFrame: () => void;
  /** At most once, and never after `stop`. */
  onFailure: (failure: WhepFailure) => void;
}

export interface WhepPatience {
  /** From the wish to the first frame on screen. A cold camera needs its group of pictures. */
  firstFrameMs: number;
  /** Between two frames on screen, while somebody can see them. */
  silenceMs: number;
  /** For our own candidates; on loopback and in a local network they are there at once. */
  gatheringMs: number;
}

export const WHEP_PATIENCE: WhepPatience = { firstFrameMs: 8_000, silenceMs: 4_000, gatheringMs: 500 };

/** The parts of a browser that the line needs; a test brings its own. */
export interface WhepBrowser {
  connection: () => RTCPeerConnection;
  fetch: typeof fetch;
  hidden: () => boolean;
}

const BROWSER: WhepBrowser = {
  connection: () => new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" }),
  fetch: (input, init) => fetch(input, init),
  hidden: () => document.hidden,
};

export class WhepLine {
  private readonly ended = new AbortController();
  private peer: RTCPeerConnection | null = null;
  private resource: string | null = null;
  private frameHandle = 0;
  private shownAt: number | null = null;
  private held = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  private readonly video: HTMLVideoElement;
  private readonly session: WhepSession;
  private readonly calls: WhepCalls;
  private readonly patience: WhepPatience;
  private readonly browser: WhepBrowser;

  constructor(
    video: HTMLVideoElement,
    session: WhepSession,
    calls: WhepCalls,
    patience: WhepPatience = WHEP_PATIENCE,
    browser: WhepBrowser = BROWSER,
  ) {
    this.video = video;
    this.session = session;
    this.calls = calls;
    this.patience = patience;
    this.browser = browser;
  }

  /** Whether this browser can do it at all. */
  static supported(): boolean {
    return (
      typeof RTCPeerConnection !== "undefined" && "requestVideoFrameCallback" in HTMLVideoElement.prototype
    );
  }

  start(): void {
    this.expectFrame(this.patience.firstFrameMs, "no-picture");
    this.negotiate().catch((error: unknown) => {
      if (error instanceof ProblemError) this.fail({ cause: "refused", problem: asProblem(error) });
      else this.fail({ cause: "broken" });
    });
  }

  /** Age in ms of the picture on screen, null before the first one. */
  frameAge(now: number = performance.now()): number | null {
    return this.shownAt === null ? null : Math.max(0, now - this.shownAt);
  }

  /**
   * Leave the last picture on screen and tell of nothing any more, until `stop`: another line of the same session is
   * about to take over, and the gateway ends this one when it answers that one.
   */
  hold(): void {
    this.held = true;
    clearTimeout(this.timer);
  }

  stop(): void {
    if (this.ended.signal.aborted) return;
    this.ended.abort();
    clearTimeout(this.timer);
    this.video.cancelVideoFrameCallback(this.frameHandle);
    this.peer?.close();
    this.peer = null;
    this.video.srcObject = null;
    this.leave();
  }

  private async negotiate(): Promise<void> {
    const peer = this.browser.connection();
    this.peer = peer;
    const transceiver = peer.addTransceiver("video", { direction: "recvonly" });
    // Lowest latency: frames are shown when they are there. On a bad line the browser grows its buffer by itself.
    if ("jitterBufferTarget" in transceiver.receiver) transceiver.receiver.jitterBufferTarget = 0;
    peer.ontrack = ({ track }) => this.show(track);
    peer.onconnectionstatechange = () => {
      // "disconnected" may mend by itself; if it does not, the pictures stop and that is noticed.
      if (["failed", "closed"].includes(peer.connectionState)) this.fail({ cause: "broken" });
    };
    await peer.setLocalDescription(await peer.createOffer());
    await this.gathered(peer);
    const answer = await this.post(peer.localDescription?.sdp ?? "");
    if (this.ended.signal.aborted) return;
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
    const { transport } = transceiver.receiver;
    if (transport) {
      // How the gateway says goodbye: Chromium's connectionState does not tell it for half a minute.
      transport.onstatechange = () => {
        if (["failed", "closed"].includes(transport.state)) this.fail({ cause: "broken" });
      };
    }
  }

  /** The gateway needs none of our candidates: it answers whoever knocks with the right password. */
  private gathered(peer: RTCPeerConnection): Promise<void> {
    if (peer.iceGatheringState === "complete") return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.patience.gatheringMs);
      peer.onicegatheringstatechange = () => {
        if (peer.iceGatheringState !== "complete") return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async post(offer: string): Promise<string> {
    const response = await this.browser.fetch(this.session.whep_path, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        Accept: "application/sdp, application/problem+json",
        "Content-Type": "application/sdp",
        "X-Vigie": "1",
        "X-Vigie-Session-Token": this.session.whep_token,
      },
      body: offer,
      signal: AbortSignal.any([this.ended.signal, AbortSignal.timeout(this.patience.firstFrameMs)]),
    });
    // A 401 here is the session token's, which lives a minute: the owner's next call tells whether it is the agent's.
    if (!response.ok) throw new ProblemError(await problemOf(response));
    this.resource = response.headers.get("Location");
    const answer = await response.text();
    if (this.ended.signal.aborted) this.leave();
    return answer;
  }

  private show(track: MediaStreamTrack): void {
    if (this.ended.signal.aborted) return;
    track.onended = () => this.fail({ cause: "broken" });
    this.video.srcObject = new MediaStream([track]);
    this.video.muted = true;
    this.video.play().catch(() => undefined);
    this.nextFrame();
  }

  private nextFrame(): void {
    this.frameHandle = this.video.requestVideoFrameCallback((now, metadata) => {
      const first = this.shownAt === null;
      this.shownAt = now;
      this.video.dataset.presentedFrames = String(metadata.presentedFrames);
      this.expectFrame(this.patience.silenceMs, "silence");
      if (first) this.calls.onFirstFrame();
      if (!this.ended.signal.aborted) this.nextFrame();
    });
  }

  /** A hidden page is given no frames: that is no silence. */
  private expectFrame(ms: number, cause: "no-picture" | "silence"): void {
    clearTimeout(this.timer);
    if (this.held) return;
    this.timer = setTimeout(() => {
      if (this.browser.hidden()) this.expectFrame(ms, cause);
      else this.fail({ cause });
    }, ms);
  }

  private fail(failure: WhepFailure): void {
    if (this.held || this.ended.signal.aborted) return;
    this.stop();
    this.calls.onFailure(failure);
  }

  /** Nothing to tell anybody: the gateway also notices a closed peer, and the lease ends by itself. */
  private leave(): void {
    const { resource } = this;
    this.resource = null;
    if (!resource) return;
    this.browser
      .fetch(resource, {
        method: "DELETE",
        credentials: "same-origin",
        headers: { "X-Vigie": "1" },
        keepalive: true,
      })
      .catch(() => undefined);
  }
}
