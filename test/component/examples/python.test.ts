/** The Python application, run as its README says. */
import { afterEach, expect, test } from "vitest";
import { killExamples, startExample } from "./example-process.ts";
import type { ExampleProcess } from "./example-process.ts";
import { ask, sendUntilClosed } from "./steady-client.ts";
import type { Reply } from "./steady-client.ts";

const cwd = new URL("../../../examples/python/", import.meta.url).pathname;

afterEach(() => {
  killExamples();
});

function startApp(): Promise<ExampleProcess> {
  const env = { VERSION: "7", COLOR: "blue" };
  return startExample({ command: ["python3", "app.py", "0"], cwd, env });
}

test("answers its routes", async () => {
  const app = await startApp();
  const home = await ask(new URL("/", app.url), false);
  const version = await ask(new URL("/version", app.url), false);
  const instance = new URL(app.url).host;
  expect(home).toMatchObject({ status: 200, body: "<h1>Version 7, blue</h1>\n" });
  expect((await ask(new URL("/healthz", app.url), false)).status).toBe(200);
  expect(JSON.parse(version.body)).toEqual({ version: "7", color: "blue", instance });
  expect((await ask(new URL("/nothing", app.url), false)).status).toBe(404);
});

test("answers every request of an open connection when it is stopped under load", async () => {
  const app = await startApp();
  const replies: Reply[] = [];
  const clients = Array.from({ length: 10 }, () =>
    sendUntilClosed(
      (agent) => ask(new URL("/version", app.url), agent),
      (reply) => replies.push(reply),
    ),
  );
  await expect.poll(() => replies.length, { timeout: 8_000, interval: 5 }).toBeGreaterThan(100);
  const exit = await app.stop();
  await Promise.all(clients);
  expect(exit).toEqual({ code: 0, signal: null });
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  await expect(ask(new URL("/version", app.url), false)).rejects.toThrow(/ECONNREFUSED/);
});

test("ends although a client keeps an idle connection open", async () => {
  const app = await startApp();
  const response = await fetch(new URL("/healthz", app.url));
  await response.text();
  expect(await app.stop("SIGINT")).toEqual({ code: 0, signal: null });
});
