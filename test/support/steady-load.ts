/** A small load at a constant rate that retries nothing: what came back, and what didn't. */

import { Agent, request } from "node:http";

export interface LoadCount {
  readonly sent: number;
  /** One line for each request without a whole reply of status 200. */
  readonly failures: readonly string[];
  /** Bodies that came back, with how often. */
  readonly bodies: ReadonlyMap<string, number>;
}

export interface SteadyLoad {
  readonly url: string;
  readonly ratePerSecond: number;
  /** Half of the requests go over kept connections, or none do; default both. */
  readonly connections?: "both" | "fresh";
  /** Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

const replyMs = 5_000;

/** Half of the requests are POST. */
export async function underSteadyLoad<T>(
  { url, ratePerSecond, connections = "both", headers = {} }: SteadyLoad,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly count: LoadCount }> {
  const kept = new Agent({ keepAlive: true, maxSockets: 8 });
  const failures: string[] = [];
  const bodies = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  const timer = setInterval(() => {
    const agent = connections === "both" && sent % 2 === 0 ? kept : false;
    const method = sent % 4 < 2 ? "GET" : "POST";
    sent += 1;
    const asked = ask({ url, agent, method, headers }).then(
      (body) => {
        bodies.set(body, (bodies.get(body) ?? 0) + 1);
      },
      (error: unknown) => {
        failures.push(`${method} ${agent === false ? "fresh" : "kept"}: ${String(error)}`);
      },
    );
    underWay.add(asked);
    void asked.then(() => underWay.delete(asked));
  }, 1_000 / ratePerSecond);
  try {
    const result = await work();
    return { result, count: { sent, failures, bodies } };
  } finally {
    clearInterval(timer);
    await Promise.all(underWay);
    kept.destroy();
  }
}

interface Asking {
  readonly url: string;
  readonly agent: Agent | false;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

function ask({ url, agent, method, headers }: Asking): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method, headers, timeout: replyMs }, (response) => {
      response.toArray().then((chunks: Buffer[]) => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`status ${response.statusCode ?? 0}: ${body}`));
      }, reject);
    });
    asked.on("timeout", () => asked.destroy(new Error(`no reply within ${replyMs} ms`)));
    asked.on("error", reject);
    asked.end(method === "POST" ? "order" : undefined);
  });
}
