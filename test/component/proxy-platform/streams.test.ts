/** Replies that never end, as event streams: each part reaches the client when it is sent. */

import type { ServerResponse } from "node:http";
import { get } from "node:http";
import { expect, test } from "vitest";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { startTheirs } from "./theirs.ts";
import { describeDialects, onEnd, routesTo, startedRouter, startInstance } from "./support.ts";

const deadlineMs = 5_000;

/** An instance that sends its headers, and then only what it is told to. */
async function startStreaming({ chunked }: { readonly chunked: boolean }) {
  const streams: ServerResponse[] = [];
  const instance = await startInstance("blue", (_req, res) => {
    if (!chunked) res.removeHeader("transfer-encoding");
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    streams.push(res);
  });
  const send = (text: string): void => {
    for (const each of streams) each.write(text);
  };
  return { instance, send };
}

/** What has come so far of a reply; null before its headers. */
function listen(port: number): () => string | null {
  let text: string | null = null;
  const req = get({ host: "127.0.0.1", port, agent: false }, (res) => {
    text = "";
    res.setEncoding("utf8").on("data", (chunk: string) => (text = `${text ?? ""}${chunk}`));
    // Cut off by the test's own end.
    res.on("error", () => undefined);
  });
  req.on("error", () => undefined);
  onEnd(() => req.destroy());
  return () => text;
}

async function expectStream(port: number, send: (text: string) => void): Promise<void> {
  const heard = listen(port);
  await expect.poll(heard, { timeout: deadlineMs }).toBe("");
  send("data: 1\n\n");
  await expect.poll(heard, { timeout: deadlineMs }).toBe("data: 1\n\n");
  send("data: 2\n\n");
  await expect.poll(heard, { timeout: deadlineMs }).toBe("data: 1\n\ndata: 2\n\n");
}

describeDialects("an event stream", (dialect) => {
  for (const chunked of [true, false]) {
    const form = chunked ? "in chunks" : "until its connection ends";

    test(`${form} comes through a managed server at once, with its headers first`, async () => {
      const { instance, send } = await startStreaming({ chunked });
      const { router, port } = await startedRouter(dialect);
      await router.setRoutes(routesTo("blue", { blue: [instance.address] }));
      await expectStream(port, send);
    }, 20_000);

    test(`${form} comes through what an adopted server hands over to`, async () => {
      const { instance, send } = await startStreaming({ chunked });
      const { spec, include } = await startTheirs(dialect, instance);
      const router = new ProxyRouter(spec, thisMachine);
      await router.start();
      include();
      await router.setRoutes(routesTo("blue", { blue: [instance.address] }));
      await expectStream(spec.port, send);
    }, 20_000);
  }
});
