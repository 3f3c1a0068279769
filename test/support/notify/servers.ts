/** A Slack, a GitHub and a webhook that are as strict as the real ones, on free ports. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** What goes wrong with the next request instead of an answer. */
export type Fault = (response: ServerResponse) => void;

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface Running {
  readonly url: string;
  /** All requests, those that were refused too. */
  readonly received: readonly Received[];
  /** Taken one by one, before anything is answered. */
  readonly faults: Fault[];
}

const servers: Server[] = [];

export function endServers(): void {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
}

async function serve(answer: (request: Received) => Reply): Promise<Running> {
  const received: Received[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const { method = "", url: path = "", headers } = request;
      const body = JSON.parse(text) as Received["body"];
      const all = { method, path, headers, body, text };
      received.push(all);
      const fault = faults.shift();
      if (fault) {
        fault(response);
        return;
      }
      const { status, body: said } = answer(all);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(said));
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received, faults };
}

export const hangs: Fault = () => undefined;

export function answers(status: number, headers: Record<string, string> = {}, body = ""): Fault {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}

export const slackToken = "xoxb-very-secret";
export const channel = "C0123456";

export interface Message {
  text: string;
  readonly thread: string | null;
  readonly broadcast: boolean;
}

export interface FakeSlack extends Running {
  /** By their time stamps, in the order in which they were sent. */
  readonly messages: Map<string, Message>;
}

export async function fakeSlack(): Promise<FakeSlack> {
  const messages = new Map<string, Message>();
  const refused = (error: string): Reply => ({ status: 200, body: { ok: false, error } });
  const running = await serve(({ method, path, headers, body }) => {
    if (method !== "POST") return refused("invalid_post_type");
    if (!headers["content-type"]?.startsWith("application/json")) return refused("invalid_form");
    if (headers.authorization !== `Bearer ${slackToken}`) return refused("invalid_auth");
    if (body["channel"] !== channel) return refused("channel_not_found");
    const { text, ts, thread_ts: thread = null } = body as Partial<Record<string, string>>;
    if (typeof text !== "string" || text === "") return refused("no_text");
    if (body["parse"] !== "none" || body["link_names"] !== false) return refused("test_parses");
    if (path === "/api/chat.update") {
      const message = messages.get(ts ?? "");
      if (message === undefined) return refused("message_not_found");
      message.text = text;
      return { status: 200, body: { ok: true, channel, ts, text } };
    }
    if (path !== "/api/chat.postMessage") return refused("unknown_method");
    if (thread !== null && !messages.has(thread)) return refused("thread_not_found");
    const stamp = `17000000${messages.size + 10}.000100`;
    const broadcast = body["reply_broadcast"] === true;
    messages.set(stamp, { text, thread, broadcast });
    return { status: 200, body: { ok: true, channel, ts: stamp } };
  });
  return { ...running, url: `${running.url}/api`, messages };
}

export const githubToken = "ghp_very-secret";
export const webhookSecret = "long enough, and random";
export const commit = "0123456789abcdef0123456789abcdef01234567";

const githubStates = [
  ...["error", "failure", "inactive", "in_progress", "queued", "pending", "success"],
];

export interface FakeGithub extends Running {
  readonly deployments: { readonly ref: string; readonly states: string[] }[];
}

export async function fakeGithub(): Promise<FakeGithub> {
  const deployments: FakeGithub["deployments"] = [];
  const refused = (status: number, message: string): Reply => ({ status, body: { message } });
  const running = await serve(({ method, path, headers, body }) => {
    if (headers.authorization !== `Bearer ${githubToken}`) return refused(401, "Bad credentials");
    if (headers["user-agent"] === undefined) return refused(403, "no user agent");
    if (method !== "POST" || !path.startsWith("/repos/acme/shop/"))
      return refused(404, "Not Found");
    if (path === "/repos/acme/shop/deployments") {
      if (body["ref"] !== commit && body["ref"] !== "v2") {
        return refused(422, `No ref found for: ${String(body["ref"])}`);
      }
      if (body["auto_merge"] !== false) return refused(409, "Conflict merging");
      if (JSON.stringify(body["required_contexts"]) !== "[]") return refused(409, "checks");
      deployments.push({ ref: body["ref"], states: [] });
      return { status: 201, body: { id: deployments.length } };
    }
    const id = /^\/repos\/acme\/shop\/deployments\/(\d+)\/statuses$/.exec(path)?.[1];
    const deployment = deployments[Number(id) - 1];
    if (deployment === undefined) return refused(404, "Not Found");
    const { state, description } = body;
    if (!githubStates.includes(String(state)) || String(description).length > 140) {
      return refused(422, "Validation Failed");
    }
    deployment.states.push(String(state));
    return { status: 201, body: { id: 1, state } };
  });
  return { ...running, deployments };
}

export function fakeWebhook(): Promise<Running> {
  return serve(() => ({ status: 204, body: null }));
}
