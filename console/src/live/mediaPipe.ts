import { keepEdge } from "./edgeKeeper";

/**
 * What waits to be appended; more than either means that the decoder cannot follow. A message holds one fragment or
 * several, so their number alone says little.
 */
const MESSAGES_AT_MOST = 600;
const BYTES_AT_MOST = 16 * 1024 * 1024;
/** What waits is appended in one piece, up to this: each append costs a turn of the event loop. */
const PIECE_BYTES = 1024 * 1024;
const SETTLING_MS = 1_500;

/**
 * Take the first messages of a queue as one piece of at most `limit` bytes, or one message alone where it is larger.
 * Media Source Extensions take bytes, wherever they are cut. Undefined when nothing waits.
 */
export function takePiece(queue: ArrayBuffer[], limit: number): ArrayBuffer | undefined {
  const first = queue.shift();
  const next = queue[0];
  if (!first || !next || first.byteLength + next.byteLength > limit) return first;
  const parts = [first];
  let size = first.byteLength;
  while (queue[0] && size + queue[0].byteLength <= limit) {
    const part = queue.shift() as ArrayBuffer;
    parts.push(part);
    size += part.byteLength;
  }
  const piece = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    piece.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return piece.buffer;
}

/** Feeds fMP4 into one `<video>` through Media Source Extensions and keeps it at the live edge. */
export class MediaPipe {
  private readonly source = new MediaSource();
  private readonly url: string;
  private readonly queue: ArrayBuffer[] = [];
  private waitingBytes = 0;
  private readonly timer: ReturnType<typeof setInterval>;
  private buffer: SourceBuffer | null = null;
  private trimBefore: number | null = null;
  private closed = false;
  private readonly openedAt = performance.now();

  private readonly video: HTMLVideoElement;
  private readonly onBroken: (reason: string) => void;

  constructor(video: HTMLVideoElement, mime: string, onBroken: (reason: string) => void) {
    this.video = video;
    this.onBroken = onBroken;
    this.url = URL.createObjectURL(this.source);
    this.source.addEventListener("sourceopen", () => this.open(mime), { once: true });
    video.src = this.url;
    video.muted = true;
    this.timer = setInterval(() => this.pump(), 1000);
  }

  static plays(mime: string): boolean {
    return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(mime);
  }

  append(data: ArrayBuffer): void {
    if (this.closed) return;
    this.queue.push(data);
    this.waitingBytes += data.byteLength;
    if (this.queue.length > MESSAGES_AT_MOST || this.waitingBytes > BYTES_AT_MOST) {
      this.onBroken("overrun");
      return;
    }
    this.pump();
  }

  /** End of the newest buffered picture, in media seconds; null when nothing is buffered. */
  get edge(): number | null {
    const { buffered } = this.video;
    return buffered.length > 0 ? buffered.end(buffered.length - 1) : null;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    this.queue.length = 0;
    if (this.video.src === this.url) {
      this.video.removeAttribute("src");
      this.video.load();
    }
    URL.revokeObjectURL(this.url);
  }

  private open(mime: string): void {
    if (this.closed) return;
    this.buffer = this.source.addSourceBuffer(mime);
    this.buffer.addEventListener("updateend", () => {
      this.follow();
      this.pump();
    });
    this.buffer.addEventListener("error", () => this.onBroken("decode"));
    this.pump();
  }

  private pump(): void {
    const { buffer } = this;
    if (this.closed || !buffer || buffer.updating || this.source.readyState !== "open") return;
    if (this.video.error) {
      this.onBroken("decode");
      return;
    }
    if (this.trimBefore !== null) {
      const before = this.trimBefore;
      this.trimBefore = null;
      buffer.remove(0, before);
      return;
    }
    const next = takePiece(this.queue, PIECE_BYTES);
    if (!next) {
      this.follow();
      return;
    }
    try {
      buffer.appendBuffer(next);
      this.waitingBytes -= next.byteLength;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") {
        this.onBroken("append");
        return;
      }
      this.queue.unshift(next);
      buffer.remove(0, Math.max(0.1, this.video.currentTime - 1));
    }
  }

  private follow(): void {
    const { video } = this;
    if (this.closed) return;
    const ranges = Array.from(
      { length: video.buffered.length },
      (_, index) => [video.buffered.start(index), video.buffered.end(index)] as const,
    );
    const decision = keepEdge({
      currentTime: video.currentTime,
      ranges,
      playbackRate: video.playbackRate,
      settling: performance.now() - this.openedAt < SETTLING_MS,
    });
    if (decision.seekTo !== null && !video.seeking) video.currentTime = decision.seekTo;
    if (decision.playbackRate !== video.playbackRate) video.playbackRate = decision.playbackRate;
    if (decision.removeBefore !== null) this.trimBefore = decision.removeBefore;
    if (video.paused && ranges.length > 0) video.play().catch(() => undefined);
  }
}
