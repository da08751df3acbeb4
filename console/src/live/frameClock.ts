/**
 * When was a frame last really shown?
 *
 * Counts decoded and presented frames (`requestVideoFrameCallback`): `currentTime` may advance over a frozen
 * picture, and an operator must not be told that it is live.
 */
export class FrameClock {
  private handle = 0;
  private frames = 0;
  private shownAt: number | null = null;
  private mediaTime = 0;

  private readonly video: HTMLVideoElement;
  private readonly onFirstFrame: () => void;

  constructor(video: HTMLVideoElement, onFirstFrame: () => void) {
    this.video = video;
    this.onFirstFrame = onFirstFrame;
    this.next();
  }

  private next(): void {
    this.handle = this.video.requestVideoFrameCallback((now, metadata) => {
      this.frames += 1;
      this.shownAt = now;
      this.mediaTime = metadata.mediaTime;
      this.video.dataset.presentedFrames = String(metadata.presentedFrames);
      if (this.frames === 1) this.onFirstFrame();
      this.next();
    });
  }

  /** Forget what was shown before a reconnection, so that "first frame" is told again. */
  restart(): void {
    this.frames = 0;
    this.shownAt = null;
  }

  /**
   * Age in ms of the picture on screen: time since it was shown plus its distance from the newest picture
   * received (`edge`, media seconds). Null before the first frame.
   */
  age(now: number, edge: number | null): number | null {
    if (this.shownAt === null) return null;
    const behind = edge === null ? 0 : Math.max(0, edge - this.mediaTime) * 1000;
    return Math.max(0, now - this.shownAt) + behind;
  }

  stop(): void {
    this.video.cancelVideoFrameCallback(this.handle);
  }
}
