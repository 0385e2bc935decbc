import type { Inbox, InboxRequest } from "@/api/inboxes";
import { curl } from "@/lib/curl";

/** The headers as they stood on the wire. */
export function headerLines(request: Pick<InboxRequest, "headers">): string {
  return request.headers.map((header) => `${header.name}: ${header.value}`).join("\n");
}

/** The request as a line for a shell; a body that is no text cannot stand there. */
export function requestCurl(inbox: Pick<Inbox, "url">, request: InboxRequest): string {
  const headers = Object.fromEntries(request.headers.map((header) => [header.name, header.value]));
  const body = request.body_encoding === "utf-8" ? request.body : null;
  return curl({ method: request.method, url: inbox.url + request.path, headers, body });
}
