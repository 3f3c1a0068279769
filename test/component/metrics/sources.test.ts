/** What the sources json and command read, from real servers and real programs. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { sourcesOf } from "../../../automation/metrics/index.ts";
import type { MetricReading } from "../../../automation/rollout/metrics.ts";
import { parseSettings } from "../../../infra/config.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serving(
  answer: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One reading of a metric as the settings have it, about green's release 1.2. */
function reading(metric: object, signal?: AbortSignal): Promise<MetricReading> {
  const settings = parseSettings({
    environment: "dev",
    local: JSON.stringify({ command: ["node"] }),
    bake: JSON.stringify({ duration: "10m" }),
    metrics: JSON.stringify([{ name: "orders", timeout: "500ms", ...metric }]),
  });
  const around = { cwd: tmpdir(), env: process.env, url: null };
  const [source] = sourcesOf(settings.metrics, around);
  if (!source) throw new Error("the settings have no metric");
  return source.ask({ color: "green", version: "1.2" }, signal ?? new AbortController().signal);
}

function errorOf(found: MetricReading): string {
  return "error" in found ? found.error : expect.fail(`no error: ${JSON.stringify(found)}`);
}

describe("json", () => {
  const counts = { kind: "json", bad: "/orders/failed", total: "/orders/all" };
  const json = (body: unknown) =>
    serving((_req, res) => {
      res.end(typeof body === "string" ? body : JSON.stringify(body));
    });

  test("reads counts by their pointers", async () => {
    const url = await json({ orders: { failed: 3, all: 200 } });
    expect(await reading({ ...counts, url })).toEqual({ bad: 3, total: 200 });
  });

  test("reads one value by its field's name, also where it is text", async () => {
    const url = await json({ perMinute: "12.5" });
    const metric = { kind: "json", url, value: "perMinute", lower: 10 };
    expect(await reading(metric)).toEqual({ value: 12.5 });
  });

  test("asks about the color and its release, with the headers it is given", async () => {
    const asked: string[] = [];
    const base = await serving((req, res) => {
      asked.push(`${req.url ?? ""} ${req.headers.authorization ?? ""}`);
      res.end('{"value": 1}');
    });
    const url = `${base}/stats/{color}?release={version}`;
    const headers = { authorization: "Bearer tell-nobody" };
    await reading({ kind: "json", url, value: "value", upper: 1, headers });
    expect(asked).toEqual(["/stats/green?release=1.2 Bearer tell-nobody"]);
  });

  test.each([
    ["nothing there", { orders: { all: 200 } }, 'the document has nothing at "/orders/failed"'],
    [
      "what isn't a number",
      { orders: { failed: "?", all: 2 } },
      "its count of bad ones is no number",
    ],
    ["emptiness", { orders: { failed: 0, all: "" } }, "its count of all is no number"],
    ["more bad ones than all", { orders: { failed: 9, all: 2 } }, "9 bad of only 2 can't be"],
    ["less than nothing", { orders: { failed: -1, all: 2 } }, "-1 bad of 2 can't be counts"],
    ["what isn't JSON", "<html>", "isn't JSON"],
    ["more than it reads", `"${"x".repeat(1_100_000)}"`, "more than 1 MB"],
  ])("%s is an error", async (_name, body, error) => {
    const url = await json(body);
    expect(errorOf(await reading({ ...counts, url }))).toContain(error);
  });

  test("another status is an error, told without the header's secret", async () => {
    const url = await serving((req, res) => {
      res.statusCode = 403;
      res.end(JSON.stringify({ error: `no entry for ${req.headers.authorization ?? ""}` }));
    });
    const headers = { authorization: "Bearer tell-nobody" };
    const error = errorOf(await reading({ ...counts, url: `${url}/?key=hidden`, headers }));
    expect(error).toContain("GET / answered 403, 200 expected");
    expect(error).not.toMatch(/tell-nobody|hidden/);
  });

  test("a redirect isn't followed", async () => {
    const url = await serving((_req, res) => {
      res.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    });
    expect(errorOf(await reading({ ...counts, url }))).toContain("answered 302");
  });

  test("silence is an error when its time is over, and a closed port at once", async () => {
    const silent = await serving(() => undefined);
    const metric = { ...counts, url: silent, timeout: "100ms" };
    expect(errorOf(await reading(metric))).toContain("gave up after");
    const closed = { ...counts, url: "http://127.0.0.1:1" };
    expect(errorOf(await reading(closed))).toContain("got no answer");
  });

  test("ends at once when nobody wants it any more", async () => {
    const silent = await serving(() => undefined);
    const control = new AbortController();
    const metric = { ...counts, url: silent, timeout: "30s" };
    const found = reading(metric, control.signal);
    control.abort();
    expect(await found).toHaveProperty("error");
  });
});

describe("command", () => {
  const program = (script: string, more: object = {}) => ({
    kind: "command",
    prints: "value",
    upper: 10,
    timeout: "10s",
    argv: ["node", "-e", script, "{color}", "{version}"],
    ...more,
  });
  const counting = { prints: "counts", upper: undefined };

  test("reads the last line that is JSON", async () => {
    const script = `console.log("one moment"); console.log('{"value": 3.5}'); console.error("done")`;
    expect(await reading(program(script))).toEqual({ value: 3.5 });
  });

  test("is told the color and the release, as words and as variables", async () => {
    const script = `const [color, version] = process.argv.slice(1);
      const { BLUEGREEN_COLOR, BLUEGREEN_VERSION } = process.env;
      const same = color === BLUEGREEN_COLOR && version === BLUEGREEN_VERSION;
      console.log(JSON.stringify({ bad: same ? 1 : 0, total: Number(version) * 10 }))`;
    expect(await reading(program(script, counting))).toEqual({ bad: 1, total: 12 });
  });

  test.each([
    ["prints nothing", "", "printed no line of JSON"],
    ["prints a list of words", `console.log("no JSON")`, "printed no line of JSON"],
    ["prints something else", `console.log('{"total": 3}')`, "its value is no number"],
    ["ends badly", `console.log("no route"); process.exit(3)`, 'exit code 3: "no route"'],
  ])("one that %s is an error", async (_name, script, error) => {
    expect(errorOf(await reading(program(script)))).toContain(error);
  });

  test("one that hangs is stopped, and one that isn't there is told", async () => {
    const hanging = program("setInterval(() => {}, 1000)", { timeout: "300ms" });
    expect(errorOf(await reading(hanging))).toContain("didn't end within 300ms");
    const missing = program("", { argv: ["/no/such/program"] });
    expect(errorOf(await reading(missing))).toContain("couldn't be started");
  });

  test("its secret variables aren't told", async () => {
    const script = `console.log("key", process.env.KEY); process.exit(1)`;
    const error = errorOf(await reading(program(script, { env: { KEY: "tell-nobody" } })));
    expect(error).toContain("key");
    expect(error).not.toContain("tell-nobody");
  });
});

test("values that are still closed are an error, not sent as they are", async () => {
  const url = await serving((_req, res) => {
    res.end('{"value": 1}');
  });
  const headers = { authorization: "[secret]" };
  const metric = { kind: "json", url, value: "value", upper: 1, headers };
  expect(errorOf(await reading(metric))).toContain("secret values can't be read");
});
