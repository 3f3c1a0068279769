/** A plain HTTP client without retries: one request at a time, on a fresh or on a kept connection. */

import { Agent, request } from "node:http";
import { colorHeader, previewHeader } from "../../infra/headers.ts";
import { isColor } from "../../infra/model.ts";
import type { Asking, Reply } from "./suite/bed.ts";

const timeoutMs = 5_000;

export class Client {
  readonly #url: string;
  readonly #kept = new Agent({ keepAlive: true, scheduling: "fifo", maxSockets: 8 });

  constructor(url: string) {
    this.#url = url;
  }

  /** Rejects when the reply isn't whole within 5 s. */
  ask({ preview, reused = false }: Asking): Promise<Reply> {
    const headers = preview === undefined ? {} : { [previewHeader]: preview };
    const agent = reused ? this.#kept : false;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const asked = request(this.#url, { headers, agent, timeout: timeoutMs }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (body += part));
      response.on("error", reject);
      response.on("end", () => {
        const color = response.headers[colorHeader];
        const named = isColor(color) ? color : null;
        resolve({ status: response.statusCode ?? 0, named, body });
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`no reply within ${timeoutMs} ms`)));
    asked.on("error", reject);
    asked.end();
    return promise;
  }

  close(): void {
    this.#kept.destroy();
  }
}
