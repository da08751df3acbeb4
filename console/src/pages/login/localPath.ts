/** Where to go after login: a path of this console, never another site (`//elsewhere`, `https:…`, `/\elsewhere`). */
export function localPath(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return "/";
  return next;
}
