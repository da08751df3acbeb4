import type { RegisterFilter } from "./access";
import { call, withQuery } from "./http";
import { ProblemError, problemOf } from "./problem";

export interface Checkpoint {
  size: number;
  root_hash: string;
  head_hash: string;
  signed_at: string;
  note: string;
  valid: boolean;
}

export interface Proof {
  seq: number;
  size: number;
  leaf_hash: string;
  path: string[];
  /** The exact text of the row: its UTF-8 bytes are the leaf. */
  row: string;
  prev_hash: string;
  hash: string;
  checkpoint: string;
  keys: string[];
}

const REGISTER = "/api/access/register";
const NO_CHECKPOINT = 409;

export const fetchLastCheckpoint = async (): Promise<Checkpoint | null> => {
  const { items } = await call<{ items: Checkpoint[] }>("GET", `${REGISTER}/checkpoints`, {
    query: { limit: 1 },
  });
  return items[0] ?? null;
};

export const signCheckpoint = (): Promise<Checkpoint> => call("POST", `${REGISTER}/checkpoints`);

const fetchProof = (seq: number): Promise<Proof> => call("GET", `${REGISTER}/entries/${seq}/proof`);

/** The proof of a row; a checkpoint is signed first when none covers the row yet. */
export async function proveRow(seq: number): Promise<Proof> {
  try {
    return await fetchProof(seq);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status !== NO_CHECKPOINT) throw error;
  }
  await signCheckpoint();
  return fetchProof(seq);
}

/** The archive that verifies itself; the motive becomes a row of the register before the first byte. */
export async function exportRegister(
  filter: RegisterFilter,
  format: "csv" | "json",
  motive: string,
): Promise<Blob> {
  const filters = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  const response = await fetch(withQuery(`${REGISTER}/exports`), {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-Vigie": "1", "Content-Type": "application/json" },
    body: JSON.stringify({ filters, format, motive }),
  });
  if (!response.ok) throw new ProblemError(await problemOf(response));
  return response.blob();
}
