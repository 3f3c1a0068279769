/** Hooks that are webhooks, asked over real HTTP: signature, answers, patience, and what is refused. */

import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { runHooks } from "../../../automation/hooks/runner.ts";
import { opaqueSecret } from "../../../infra/config.ts";
import type { Hook } from "../../../infra/config.ts";
import { dueAt, sceneOf, secret, webhookHook } from "./scene.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

interface Received {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A webhook that answers its requests one after the other as told, the last answer for good. */
async function receiver(...answers: readonly ((res: ServerResponse) => void)[]) {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const { method = "", headers } = req;
      received.push({ method, headers, body: Buffer.concat(chunks).toString("utf8") });
      (answers[received.length - 1] ?? answers.at(-1))?.(res);
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { received, origin, url: `${origin}/services/t0ken` };
}

const says = (status: number, body: unknown) => (res: ServerResponse) => {
  res.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
};

const named = (body: string) => (res: ServerResponse) => {
  res.writeHead(200, { "content-type": "application/problem+json; charset=utf-8" }).end(body);
};

async function run(url: string, over: Partial<Hook> = {}, signal?: AbortSignal) {
  const scene = sceneOf(signal ? { signal } : {});
  const { findings, end } = await runHooks([webhookHook(url, over)], dueAt("POST_SCALE_UP"), scene);
  return { finding: findings[0], end };
}

test("gets the rollout as JSON, signed so that its receiver can verify it", async () => {
  const { received, url } = await receiver(says(204, ""));
  const startedMs = Date.now();
  expect((await run(url)).end).toEqual({ kind: "done" });
  const [{ method, headers, body } = { method: "", headers: {}, body: "" }] = received;
  expect([method, headers["content-type"]]).toEqual(["POST", "application/json"]);
  expect(JSON.parse(body)).toEqual({
    schema: 1,
    stage: "POST_SCALE_UP",
    rollout: {
      ...{ id: "r-2", version: "2", digest: "sha-2", color: "green", former: "blue" },
      phase: "check",
    },
    environment: "dev",
    application: "shop",
  });
  const timestamp = String(headers["x-bluegreen-timestamp"]);
  expect(Math.abs(Number(timestamp) * 1_000 - startedMs)).toBeLessThan(30_000);
  const hmac = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  expect(headers["x-bluegreen-signature"]).toBe(`sha256=${hmac}`);
  expect(headers["idempotency-key"]).toBe("r-2:POST_SCALE_UP");
});

test("gets no version where none is known any more", async () => {
  const { received, url } = await receiver(says(200, ""));
  const due = dueAt("POST_CLEAN_UP");
  const gone = { ...due, subject: { ...due.subject, version: "" } };
  await runHooks([webhookHook(url, { stage: "POST_CLEAN_UP" })], gone, sceneOf());
  expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({ rollout: { version: null } });
});

describe("lets the rollout go on", () => {
  test.each([
    ["a status alone", 200, "thanks"],
    ["JSON that says nothing of it", 201, { ok: true }],
    ["SUCCEEDED", 200, { hookStatus: "SUCCEEDED" }],
  ])("with %s", async (_name, status, body) => {
    const { url } = await receiver(says(status, body));
    expect((await run(url)).end.kind).toBe("done");
  });
});

test("says so where JSON without a status lets the rollout go on", async () => {
  const { url } = await receiver(says(200, [{ ok: true }]));
  const { finding, end } = await run(url);
  expect([end.kind, finding?.sentence]).toEqual([
    "done",
    expect.stringContaining("says no hookStatus"),
  ]);
});

describe("refuses", () => {
  test("by its status, and what it says is shown, without its path and our key", async () => {
    const { url, origin } = await receiver(says(409, `stock is counted, ${secret}\u001b[2J`));
    const { finding, end } = await run(url);
    expect(finding?.sentence).toBe(`${origin} POST /… answered 409, 2xx expected`);
    expect(finding?.evidence).toBe("stock is counted, ***\\u001b[2J");
    expect(end.kind === "refused" && end.sentence).not.toContain("t0ken");
  });

  test("by FAILED, which is final however many attempts it has", async () => {
    const { url, received } = await receiver(says(200, { hookStatus: "FAILED", why: "no" }));
    const { finding, end } = await run(url, { retries: 3 });
    expect([end.kind, received.length]).toEqual(["refused", 1]);
    expect(finding?.sentence).toContain('says hookStatus "FAILED"');
    expect(finding?.evidence).toContain('"why":"no"');
  });

  test.each([
    ["a status of the hook that isn't known", says(200, { hookStatus: "MAYBE" }), "MAYBE"],
    ["more than is read", says(200, "x".repeat(100_000)), "more than 64 KB"],
    ["a redirect", says(302, ""), "answered 302"],
    ["JSON with a comma too many", says(200, '{"hookStatus":"FAILED",}'), "can't be read"],
    ["JSON that was cut off", says(200, '{"hookStatus":"FAI'), "can't be read"],
    ["FAILED behind a byte order mark", says(200, '\uFEFF{"hookStatus":"FAILED"}'), '"FAILED"'],
    ["a status within a list", says(200, [{ hookStatus: "FAILED" }]), "within a list"],
    ["a status in another spelling", says(200, { HookStatus: "FAILED" }), '"HookStatus"'],
    ["text that calls itself JSON", named("no"), "can't be read"],
  ])("with %s", async (_name, answer, expected) => {
    const { url } = await receiver(answer);
    const { finding, end } = await run(url);
    expect(end.kind).toBe("refused");
    expect(finding?.sentence).toContain(expected);
  });

  test("where nobody answers in time, or at all", async () => {
    const { url } = await receiver(() => undefined);
    const silent = await run(url, { timeoutMs: 200 });
    expect([silent.end.kind, silent.finding?.verdict]).toEqual(["refused", "error"]);
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    expect((await run(url)).finding?.sentence).toContain("connection refused");
  });

  test("without being asked, where its key can't be read or its host hands out credentials", async () => {
    const { url, received } = await receiver(says(200, ""));
    const closed = await run(url, { secret: opaqueSecret });
    expect(closed.finding?.sentence).toContain("secret values can't be read here");
    expect(received).toEqual([]);
    const metadata = await run("http://169.254.169.254/latest");
    expect(metadata.finding?.sentence).toContain("it isn't asked");
  });
});

describe("a webhook that needs time", () => {
  test("isn't asked any more once its rollout was ended, and the run learns of that", async () => {
    const { url, received } = await receiver(
      says(200, { hookStatus: "IN_PROGRESS", callBackDelay: 0.1 }),
    );
    const said = "rollout r-2 was ended meanwhile: abort: wrong (ann on ci)";
    const ended = () => Promise.resolve(received.length < 2 ? null : said);
    const hooks = [webhookHook(url, { retries: 3 }), webhookHook(url)];
    const { findings, end } = await runHooks(hooks, dueAt("POST_SCALE_UP"), sceneOf({ ended }));
    expect(end.kind).toBe("ended");
    expect(findings).toEqual([{ verdict: "inconclusive", sentence: said, evidence: "" }]);
    expect(received).toHaveLength(2);
  });

  test("is asked again with the same key, a new signature, and after what it says", async () => {
    const waits = says(200, { hookStatus: "IN_PROGRESS", callBackDelay: 0.2 });
    const { url, received } = await receiver(waits, waits, says(200, { hookStatus: "SUCCEEDED" }));
    const startedMs = Date.now();
    expect((await run(url)).end.kind).toBe("done");
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(380);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    for (const { headers } of received) expect(headers["x-bluegreen-signature"]).toBeDefined();
  });

  test("has refused once the time is over", async () => {
    const { url } = await receiver(says(200, { hookStatus: "IN_PROGRESS", callBackDelay: 60 }));
    const startedMs = Date.now();
    const { finding, end } = await run(url, { timeoutMs: 500 });
    expect(end.kind).toBe("refused");
    expect(finding?.sentence).toContain("was still in progress after 500ms");
    expect(Date.now() - startedMs).toBeLessThan(3_000);
  });

  test("is left alone at once when a person stops the rollout", async () => {
    const { url, received } = await receiver(
      says(200, { hookStatus: "IN_PROGRESS", callBackDelay: 60 }),
    );
    const stop = new AbortController();
    const running = run(url, { timeoutMs: 20_000 }, stop.signal);
    await expect.poll(() => received.length, { timeout: 3_000 }).toBe(1);
    stop.abort();
    expect((await running).end).toEqual({ kind: "interrupted" });
  });
});

test("a token in the address is not shown, also where the receiver quotes it", async () => {
  const { url } = await receiver(says(404, "Cannot POST /services/T0KEN-s3cr3t-value"));
  const { finding, end } = await run(url.replace("t0ken", "T0KEN-s3cr3t-value"));
  expect(end.kind).toBe("refused");
  expect(JSON.stringify({ finding, end })).not.toContain("T0KEN-s3cr3t-value");
  expect(JSON.stringify(finding)).toContain("Cannot POST ***");
});

test("two webhooks of one stage are told apart by their receiver, each by its own key", async () => {
  const { url, received } = await receiver(says(200, "ok"));
  const hooks = [webhookHook(url), webhookHook(url, { stage: "PRE_CLEAN_UP" }), webhookHook(url)];
  await runHooks(hooks, dueAt("POST_SCALE_UP"), sceneOf());
  expect(received.map(({ headers }) => headers["idempotency-key"])).toEqual([
    "r-2:POST_SCALE_UP",
    "r-2:POST_SCALE_UP:2",
  ]);
});

test("a webhook is tried again after a bad answer", async () => {
  const { url, received } = await receiver(says(503, "busy"), says(200, "ok"));
  expect((await run(url, { retries: 2 })).end.kind).toBe("done");
  expect(received).toHaveLength(2);
});
