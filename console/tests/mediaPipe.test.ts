import { describe, expect, it } from "vitest";
import { takePiece } from "@/live/mediaPipe";

const bytes = (...values: number[]): ArrayBuffer => new Uint8Array(values).buffer;
const read = (buffer: ArrayBuffer | undefined) => (buffer ? [...new Uint8Array(buffer)] : null);

describe("takePiece", () => {
  it("is nothing when nothing waits", () => {
    expect(takePiece([], 10)).toBeUndefined();
  });

  it("gives a message alone as it is, however large", () => {
    const message = bytes(1, 2, 3);
    expect(takePiece([message], 2)).toBe(message);
  });

  it("joins what waits, in order, and leaves what would be too much", () => {
    const queue = [bytes(1, 2), bytes(3), bytes(4, 5), bytes(6)];
    expect(read(takePiece(queue, 5))).toEqual([1, 2, 3, 4, 5]);
    expect(read(takePiece(queue, 5))).toEqual([6]);
    expect(queue).toEqual([]);
  });

  it("loses no byte wherever messages are cut", () => {
    const stream = Array.from({ length: 97 }, (_, index) => index);
    for (const cut of [1, 2, 7, 50, 97]) {
      const queue: ArrayBuffer[] = [];
      for (let at = 0; at < stream.length; at += cut) queue.push(bytes(...stream.slice(at, at + cut)));
      const got: number[] = [];
      for (let piece = takePiece(queue, 10); piece; piece = takePiece(queue, 10))
        got.push(...(read(piece) ?? []));
      expect(got).toEqual(stream);
    }
  });
});
