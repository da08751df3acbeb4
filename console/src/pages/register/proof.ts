import type { Proof } from "@/api/register";

/** RFC 6962: what stands before a leaf's and a node's bytes. */
const LEAF = 0;
const NODE = 1;

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

async function hashOf(prefix: number, ...parts: Uint8Array[]): Promise<Uint8Array> {
  const joined = new Uint8Array([prefix, ...parts.flatMap((part) => Array.from(part))]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

/** The root (hex) that a row's text and the path beside it lead to; null when the path does not fit the tree. */
export async function rootOf(proof: Pick<Proof, "seq" | "size" | "row" | "path">): Promise<string | null> {
  let place = proof.seq - 1;
  let last = proof.size - 1;
  if (place < 0 || place > last) return null;
  let found = await hashOf(LEAF, new TextEncoder().encode(proof.row));
  const path = proof.path.map(bytesOf);
  let step = 0;
  while (last > 0) {
    const onTheLeft = place % 2 === 1;
    if (onTheLeft || place < last) {
      const beside = path[step];
      if (!beside) return null;
      found = onTheLeft ? await hashOf(NODE, beside, found) : await hashOf(NODE, found, beside);
      step += 1;
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return step === path.length ? hexOf(found) : null;
}

/** The size and the root (hex) that a signed checkpoint states. */
export function statedBy(note: string): { size: number; root: string } {
  const [, size = "", root = ""] = note.split("\n");
  return { size: Number(size), root: hexOf(Uint8Array.from(atob(root), (letter) => letter.charCodeAt(0))) };
}

/** Whether the browser itself finds the row under the signed root (the signature is the verifier's business). */
export async function proves(proof: Proof): Promise<boolean> {
  const stated = statedBy(proof.checkpoint);
  return stated.size === proof.size && (await rootOf(proof)) === stated.root;
}
