/** Replies that end before they are whole: errors where it was the release's doing. */

import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { call, rawClient, until } from "../router/support.ts";
import { describeRouters, routerTo } from "./routers.ts";

const breakMs = 30;
const bigBytes = 60_000_000;

/** The head and a part of the body, then the connection ends. */
function breaksOff(head: Record<string, string>, how: "ends" | "resets"): RequestListener {
  return (req, res) => {
    req.resume();
    res.writeHead(200, head);
    res.write("half");
    setTimeout(() => {
      if (how === "ends") res.destroy();
      else res.socket?.resetAndDestroy();
    }, breakMs);
  };
}

describeRouters("a reply that its instance breaks off", (name) => {
  test.each(["ends", "resets"] as const)(
    "is an error, when the connection %s before Content-Length",
    async (how) => {
      const router = await routerTo(name, breaksOff({ "Content-Length": "1000" }, how));
      await expect(call(router.port)).rejects.toThrow(/aborted|ECONNRESET/);
      await router.counts({ requests: 1, errors: 1, open: 0 });
    },
  );

  test("is no error of the live traffic when it was a preview", async () => {
    const router = await routerTo(name, breaksOff({ "Content-Length": "1000" }, "ends"));
    const headers = { "X-Bluegreen-Preview": "green" };
    await expect(call(router.port, { headers })).rejects.toThrow();
    await router.counts({ requests: 0, errors: 0, open: 0 });
  });
});

describeRouters(
  "a chunked reply that its instance breaks off",
  (name) => {
    test("is an error", async () => {
      const router = await routerTo(name, breaksOff({}, "ends"));
      await expect(call(router.port)).rejects.toThrow();
      await router.counts({ requests: 1, errors: 1, open: 0 });
    });
  },
  ["embedded", "haproxy"],
);

describeRouters("a reply that is whole", (name) => {
  test("is no error, though its length is that of a body that it hasn't", async () => {
    const router = await routerTo(name, (req, res) => {
      res.writeHead(req.url === "/same" ? 304 : 200, { "Content-Length": "1000" });
      res.end(req.url === "/page" && req.method === "GET" ? "x".repeat(1000) : undefined);
    });
    expect((await call(router.port, { path: "/page" })).text).toHaveLength(1000);
    expect((await call(router.port, { path: "/page", method: "HEAD" })).status).toBe(200);
    expect((await call(router.port, { path: "/same" })).status).toBe(304);
    await router.counts({ requests: 3, errors: 0, open: 0 });
  });
});

describeRouters("a download", (name) => {
  test.each([
    { what: "with a length", head: { "Content-Length": String(bigBytes) } },
    { what: "in chunks", head: {} },
  ])("$what that its client ends in the middle is no error", async ({ head }) => {
    const router = await routerTo(name, (_req, res) => {
      res.writeHead(200, head);
      res.end(Buffer.alloc(bigBytes));
    });
    const client = rawClient(router.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("some of it", () => client.received().length > 10_000);
    client.socket.pause();
    await sleep(breakMs);
    client.socket.destroy();
    await router.counts({ open: 0 });
    await router.counts({ requests: 1, errors: 0 });
  });
});
