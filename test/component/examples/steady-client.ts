/** Clients that send one request after the other on one connection until the server ends it. */
import { Agent, request } from "node:http";

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly last: boolean;
}

const replyMs = 5_000;
const maxReplies = 10_000;

/** Rejects on anything but a whole reply. */
export function ask(
  url: URL,
  agent: Agent | false,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const { body, method = "GET", headers = {} } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent, timeout: replyMs }, (response) => {
      response.toArray().then((chunks: Buffer[]) => {
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          last: response.headers.connection === "close",
        });
      }, reject);
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${url.href}: no reply in time`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/**
 * Calls `send` until a reply says `Connection: close`; each caller has one connection of its own.
 * Rejects on the first reply that doesn't come whole.
 */
export async function sendUntilClosed(
  send: (agent: Agent, n: number) => Promise<Reply>,
  onReply: (reply: Reply) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let n = 0; n < maxReplies; n += 1) {
      const reply = await send(agent, n);
      onReply(reply);
      if (reply.last) return;
    }
    throw new Error(`the server kept the connection for ${maxReplies} replies`);
  } finally {
    agent.destroy();
  }
}
