/** Requests that get no reply: those whose clients waited and gave up are errors of the color. */

import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { patienceMs } from "../../../infra/patience.ts";
import { call, rawClient, until } from "../router/support.ts";
import type { RawClient } from "../router/support.ts";
import { describeRouters, routerTo } from "./routers.ts";

const hangs: RequestListener = (req) => {
  req.resume();
};
/** Surely long enough to be counted, and surely not. */
const longMs = patienceMs + 150;
const shortMs = patienceMs / 5;

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async function leave(client: RawClient, afterMs: number): Promise<void> {
  await sleep(afterMs);
  client.socket.destroy();
}

describeRouters("requests to a release that hangs", (name) => {
  test("are errors once their clients gave up, and nothing before that", async () => {
    const router = await routerTo(name, hangs);
    const clients = [rawClient(router.port, get), rawClient(router.port, get)];
    await sleep(longMs);
    expect(await router.green()).toMatchObject({ requests: 0, errors: 0, open: 2 });
    for (const client of clients) client.socket.destroy();
    await router.counts({ requests: 2, errors: 2, open: 0 });
  });

  test("are errors also of clients that keep their connections", async () => {
    let seen = 0;
    const router = await routerTo(name, (req, res) => {
      seen += 1;
      if (seen % 2 === 1) req.resume().on("end", () => res.end("ok"));
    });
    for (let each = 0; each < 3; each += 1) {
      const client = rawClient(router.port, get);
      await until("the first reply", () => client.received().includes("200 OK"));
      client.socket.write(get);
      await leave(client, longMs);
    }
    await router.counts({ requests: 6, errors: 3, open: 0 });
  });

  test("are no errors of clients that leave at once", async () => {
    const router = await routerTo(name, hangs);
    await Promise.all([0, 1, 2].map(() => leave(rawClient(router.port, get), shortMs)));
    await router.counts({ open: 0 });
    await sleep(longMs);
    expect(await router.green()).toMatchObject({ errors: 0, open: 0 });
  });

  test("are errors with a body, too", async () => {
    const router = await routerTo(name, hangs);
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    await leave(rawClient(router.port, `${head}body`), longMs);
    await router.counts({ requests: 1, errors: 1, open: 0 });
  });

  test("are no errors of clients that owe a part of their body", async () => {
    const router = await routerTo(name, hangs);
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
    await leave(rawClient(router.port, `${head}body`), longMs);
    await router.counts({ open: 0 });
    await sleep(longMs);
    expect(await router.green()).toMatchObject({ errors: 0, open: 0 });
  });

  test("are no errors of the live traffic when they were previews", async () => {
    const router = await routerTo(name, hangs);
    const preview = "GET / HTTP/1.1\r\nHost: a\r\nX-Bluegreen-Preview: green\r\n\r\n";
    await leave(rawClient(router.port, preview), longMs);
    await leave(rawClient(router.port, get), longMs);
    await router.counts({ requests: 1, errors: 1, open: 0 });
  });
});

describeRouters("a long poll", (name) => {
  test("that is answered late counts as its answer, and one that is left as an error", async () => {
    const router = await routerTo(name, (_req, res) => {
      setTimeout(() => res.end("news"), 2 * patienceMs);
    });
    expect((await call(router.port)).text).toBe("news");
    await router.counts({ requests: 1, errors: 0, open: 0 });
    await leave(rawClient(router.port, get), longMs);
    await router.counts({ requests: 2, errors: 1, open: 0 });
  });
});
