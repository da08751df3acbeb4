import { type Problem, ProblemError } from "@/api/problem";
import type { Quality, StreamSession } from "@/api/stream";
import type { Doors } from "@/live/doors";
import type { Line, LineCalls } from "@/live/line";
import { LivePlayer } from "@/live/player";
import type { PlayerState } from "@/live/playerState";
import type { Stage } from "@/live/stage";
import type { Transport, TransportPreference } from "@/live/transport";

/** A line whose pictures come when the test says so. */
export class FakeLine implements Line {
  started = false;
  stopped = false;
  held = false;
  admitted = true;
  age: number | null = null;

  readonly transport: Transport;
  readonly video: string;
  readonly session: StreamSession;
  readonly quality: Quality;
  readonly calls: LineCalls;

  constructor(
    transport: Transport,
    video: string,
    session: StreamSession,
    quality: Quality,
    calls: LineCalls,
  ) {
    this.transport = transport;
    this.video = video;
    this.session = session;
    this.quality = quality;
    this.calls = calls;
  }

  start() {
    this.started = true;
  }
  frameAge() {
    return this.age;
  }
  hold() {
    this.held = true;
  }
  stop() {
    this.stopped = true;
  }
}

/** Videos by name: what is in front, and what is prepared behind it. */
export class FakeStage {
  shown = "video 1";
  unseen: string | null = null;
  made = 1;

  get front() {
    return this.shown as unknown as HTMLVideoElement;
  }
  prepare() {
    this.made += 1;
    this.unseen = `video ${this.made}`;
    return this.unseen as unknown as HTMLVideoElement;
  }
  promote() {
    if (this.unseen) this.shown = this.unseen;
    this.unseen = null;
  }
  discard() {
    this.unseen = null;
  }
}

/** The gateway's sessions: how many are open at once is what matters. */
export class FakeGateway {
  asked: string[] = [];
  open = new Set<string>();
  opened = 0;
  tokens = 0;
  quality: Quality = "main";
  refuse: Record<string, Problem | undefined> = {};
  /** What a switch waits for before it is answered. */
  switching: Promise<void> = Promise.resolve();
  lines: FakeLine[] = [];
  clock = 0;
  overloaded = false;

  doors(webrtc: boolean): Doors {
    return {
      openSession: async (ask) => {
        this.ask(`open ${ask.quality}`);
        this.opened += 1;
        this.quality = ask.quality;
        this.open.add(`s${this.opened}`);
        return this.granted(`s${this.opened}`);
      },
      renewLease: async (id) => {
        this.ask(`renew ${id}`);
        return this.granted(id);
      },
      switchQuality: async (id, quality) => {
        this.ask(`switch ${id} ${quality}`);
        await this.switching;
        this.quality = quality;
        return this.granted(id);
      },
      releaseSession: async (id) => {
        this.asked.push(`release ${id}`);
        this.open.delete(id);
      },
      openLine: (transport, video, session, calls) => {
        const line = new FakeLine(transport, video as unknown as string, session, this.quality, calls);
        this.lines.push(line);
        return line;
      },
      webrtc: () => webrtc,
      overloaded: () => this.overloaded,
      now: () => this.clock,
      hidden: () => false,
      whenShown: () => undefined,
    };
  }

  line(index: number): FakeLine {
    const found = this.lines.at(index);
    if (!found) throw new Error(`no line ${index}`);
    return found;
  }

  private ask(what: string) {
    this.asked.push(what);
    const problem = this.refuse[what.split(" ")[0] ?? ""];
    if (problem) throw new ProblemError(problem);
  }

  private granted(id: string): StreamSession {
    this.tokens += 1;
    return {
      session_id: id,
      camera_id: "cam",
      token: `ws ${this.tokens}`,
      whep_token: `whep ${this.tokens}`,
      expires_at: "",
      websocket_path: `/${id}/ws`,
      whep_path: `/${id}/whep`,
    };
  }
}

/** A player of "cam" on these fakes. */
export const playerOn = (
  stage: FakeStage,
  doors: Doors,
  quality: Quality,
  preference: TransportPreference,
  onState: (state: PlayerState) => void,
) => new LivePlayer(stage as unknown as Stage, "cam", quality, preference, onState, doors);

export const problem = (status: number, more: Partial<Problem> = {}): Problem => ({
  type: "about:blank",
  title: "Refusé",
  status,
  detail: "Pourquoi.",
  ...more,
});
