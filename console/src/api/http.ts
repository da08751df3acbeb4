import { ProblemError, problemOf, UNREACHABLE } from "./problem";

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface CallOptions {
  query?: Query;
  /** Sent as JSON; a `FormData` (a file) as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Lets the request outlive the page (release of a session while the tab closes). */
  keepalive?: boolean;
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

type Listener = () => void;
const unauthenticatedListeners = new Set<Listener>();

/** Told once per 401, wherever it happens; the session provider listens. */
export function onUnauthenticated(listener: Listener): () => void {
  unauthenticatedListeners.add(listener);
  return () => {
    unauthenticatedListeners.delete(listener);
  };
}

export function announceUnauthenticated(): void {
  for (const listener of unauthenticatedListeners) listener();
}

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** One JSON call to a service. The session travels in an HttpOnly cookie: there is no token to handle here. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const { query, body, headers, signal, keepalive } = options;
  const unsafe = method !== "GET";
  const isForm = body instanceof FormData;
  let response: Response;
  try {
    response = await fetch(withQuery(path, query), {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json, application/problem+json",
        ...(unsafe ? { "X-Vigie": "1" } : {}),
        ...(body === undefined || isForm ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? null : isForm ? body : JSON.stringify(body),
      ...(signal ? { signal } : {}),
      ...(keepalive ? { keepalive } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ProblemError({
      type: "urn:vigie:problem:unreachable",
      title: "",
      status: UNREACHABLE,
      detail: "",
    });
  }
  if (response.status === 401) announceUnauthenticated();
  if (!response.ok) throw new ProblemError(await problemOf(response));
  if (response.status === 204 || response.headers.get("content-length") === "0") return undefined as T;
  return (await response.json()) as T;
}

/** Follow `next_cursor` to the end, at most `limit` items (a runaway cursor must not hang a screen). */
export async function allPages<T>(
  path: string,
  query: Query,
  limit: number,
  signal?: AbortSignal,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null | undefined;
  do {
    const options: CallOptions = { query: { ...query, cursor } };
    if (signal) options.signal = signal;
    const page = await call<Page<T>>("GET", path, options);
    items.push(...page.items);
    cursor = page.items.length > 0 ? page.next_cursor : null;
  } while (cursor && items.length < limit);
  return items;
}
