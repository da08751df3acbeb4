export interface SseEvent {
  event: string;
  id: string | null;
  data: string;
}

/**
 * Incremental parser of Server-Sent Events (WHATWG HTML § 9.2); a comment is the server's heartbeat.
 *
 * `EventSource` is not used because it hides what a dark room needs to know: comments (so that silence cannot
 * be told from a dead line) and the HTTP status (so that an ended session would retry for ever).
 */
export class SseParser {
  private rest = "";

  /** Take a chunk of text, cut anywhere; return what is complete. */
  push(chunk: string): (SseEvent | "comment")[] {
    // Only a block closed by an empty line is read, so that half of a "\r\n" never matters.
    const text = (this.rest + chunk).replace(/\r\n/g, "\n");
    const end = text.lastIndexOf("\n\n");
    if (end < 0) {
      this.rest += chunk;
      return [];
    }
    this.rest = text.slice(end + 2);
    return text
      .slice(0, end)
      .split(/\n\n+/)
      .map(parseBlock)
      .filter((block) => block !== null);
  }
}

function parseBlock(block: string): SseEvent | "comment" | null {
  let event = "message";
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "id") id = value;
    else if (field === "data") data.push(value);
  }
  if (data.length > 0) return { event, id, data: data.join("\n") };
  return block.includes(":") ? "comment" : null;
}
