/** Where the pictures of a tile are: one in front, and while a stream is being changed a second one, unseen. */
export interface Stage {
  readonly front: HTMLVideoElement;
  /** A second video in the place of the first one, decoding but unseen. */
  prepare: () => HTMLVideoElement;
  /** The second video takes the place of the first one, which goes. */
  promote: () => void;
  /** The second video goes. */
  discard: () => void;
}

/** The videos of one tile in one element. Both are changed in one turn, so that no frame is painted in between. */
export class VideoStage implements Stage {
  private shown: HTMLVideoElement;
  private unseen: HTMLVideoElement | null = null;

  private readonly place: HTMLElement;

  constructor(place: HTMLElement) {
    this.place = place;
    this.shown = this.add();
    this.reveal(this.shown);
  }

  get front(): HTMLVideoElement {
    return this.shown;
  }

  prepare(): HTMLVideoElement {
    this.discard();
    this.unseen = this.add();
    // Not `visibility` or `display`: it must go on decoding.
    this.unseen.style.opacity = "0";
    return this.unseen;
  }

  promote(): void {
    const { shown, unseen } = this;
    if (!unseen) return;
    this.shown = unseen;
    this.unseen = null;
    this.reveal(unseen);
    shown.remove();
  }

  discard(): void {
    this.unseen?.remove();
    this.unseen = null;
  }

  /** The tile goes: so do its videos. */
  clear(): void {
    this.discard();
    this.shown.remove();
  }

  private add(): HTMLVideoElement {
    const video = document.createElement("video");
    video.muted = true;
    video.autoplay = true;
    video.playsInline = true;
    // A picture in a window of its own would be one without the name of who watches.
    video.disablePictureInPicture = true;
    video.disableRemotePlayback = true;
    this.place.append(video);
    return video;
  }

  private reveal(video: HTMLVideoElement): void {
    video.style.opacity = "";
    video.dataset.testid = "tile-video";
  }
}
