/** What a numbered message means for what is on screen. */
export type Verdict =
  /** Newer than all we had: apply it. */
  | "next"
  /** Already applied (the resume overlapped): ignore it. */
  | "duplicate"
  /** Something was missed, or the numbering started again: load anew. */
  | "gap";

/**
 * Follows the sequence numbers of one service's stream.
 *
 * Numbers grow but are not contiguous for one agent (the server filters out facts of other communes), so a jump
 * forward is normal. What is not: the server resuming from another place than where we stopped.
 */
export class SequenceTracker {
  private last: number | null = null;

  /** Sequence to resume after; null before anything was received. */
  get resumeAfter(): number | null {
    return this.last;
  }

  /** The server's greeting: the number it continues from. */
  greeted(from: number): Verdict {
    const expected = this.last;
    this.last = from;
    return expected === null || expected === from ? "next" : "gap";
  }

  /** The server no longer holds what was missed. */
  reset(at: number): Verdict {
    this.last = at;
    return "gap";
  }

  received(sequence: number): Verdict {
    if (this.last !== null && sequence <= this.last) return "duplicate";
    this.last = sequence;
    return "next";
  }
}
