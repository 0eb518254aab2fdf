// The panel speaks to the bench only through the HTTP interface that scripts use too.
export class Refused extends Error {
  constructor(body) {
    super(body.message);
    this.code = body.error;
    this.next = body.next;
  }
}

async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Refused(body);
  return body;
}

export const get = (path) => ask(path, { cache: "no-cache" });
export const post = (path, body = {}) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
export const remove = (path) => ask(path, { method: "DELETE" });

let shown = "";

// The screen as a blob, or null while it is the one that was fetched last.
export async function freshScreen() {
  const headers = shown ? { "If-None-Match": shown } : {};
  const answer = await fetch("/api/screen.png", { cache: "no-store", headers });
  if (answer.status === 304) return null;
  if (!answer.ok) throw new Refused(await answer.json());
  shown = answer.headers.get("ETag") ?? "";
  return answer.blob();
}
