/** The source prometheus, against Debian's server where it is installed, and a stand-in for faults. */

import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runChecks } from "../../../automation/checks/runner.ts";
import { sourcesOf } from "../../../automation/metrics/index.ts";
import type { MetricSource } from "../../../automation/metrics/source.ts";
import type { MetricReading } from "../../../automation/rollout/metrics.ts";
import { parseSettings } from "../../../infra/config.ts";
import { metricCheck, subject } from "../checks/subject.ts";

function sourceOf(metric: object): MetricSource {
  const settings = parseSettings({
    environment: "dev",
    local: JSON.stringify({ command: ["node"] }),
    bake: JSON.stringify({ duration: "10m" }),
    metrics: JSON.stringify([{ kind: "prometheus", name: "orders", ...metric }]),
  });
  const [source] = sourcesOf(settings.metrics, { cwd: tmpdir(), env: {}, url: null });
  if (!source) throw new Error("the settings have no metric");
  return source;
}

function reading(metric: object, version = "1.2"): Promise<MetricReading> {
  return sourceOf(metric).ask({ color: "green", version }, new AbortController().signal);
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const installed = spawnSync("prometheus", ["--version"]).error === undefined;
if (!installed && process.env["BLUEGREEN_REQUIRE_ALL"]) {
  throw new Error("prometheus isn't installed: apt-get install prometheus");
}

describe.skipIf(!installed)("a real server (skipped where prometheus isn't installed)", () => {
  const dir = mkdtempSync(join(tmpdir(), "prom-"));
  let target: Server | null = null;
  let server: ChildProcess | null = null;
  let url = "";

  beforeAll(async () => {
    target = createServer((_req, res) => {
      res.setHeader("content-type", "text/plain; version=0.0.4");
      res.end(
        [
          'orders_total{color="blue"} 5000',
          'orders_total{color="green",instance_number="0"} 120',
          'orders_total{color="green",instance_number="1"} 80',
          'orders_failed_total{color="green"} 7',
          'orders_total{color="green",release="a\\"b"} 3',
          "",
        ].join("\n"),
      );
    });
    const port = await listening(target);
    const free = createServer();
    const own = await listening(free);
    free.close();
    const config = join(dir, "prometheus.yml");
    const scrape = `{job_name: shop, static_configs: [{targets: ["127.0.0.1:${port}"]}]}`;
    writeFileSync(config, `global: {scrape_interval: 200ms}\nscrape_configs: [${scrape}]\n`);
    url = `http://127.0.0.1:${own}`;
    server = spawn(
      "prometheus",
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(dir, "data")}`,
        `--web.listen-address=127.0.0.1:${own}`,
      ],
      { stdio: "ignore" },
    );
    const deadline = Date.now() + 25_000;
    for (;;) {
      const found = await reading({ url, value: "count(orders_total)", upper: 9 });
      if ("value" in found) break;
      if (Date.now() > deadline)
        throw new Error(`prometheus scraped nothing: ${JSON.stringify(found)}`);
      await sleep(100);
    }
  });

  afterAll(async () => {
    if (server && server.exitCode === null && server.signalCode === null) {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    }
    target?.close();
    target?.closeAllConnections();
    rmSync(dir, { recursive: true, force: true });
  });

  const total = 'sum(orders_total{color="{color}",release=""})';

  test("gives counts by two queries about a color", async () => {
    const bad = 'sum(orders_failed_total{color="{color}"})';
    expect(await reading({ url, bad, total })).toEqual({ bad: 7, total: 200 });
  });

  test("a counter of bad ones that hasn't begun counts as none", async () => {
    const bad = 'sum(orders_lost_total{color="{color}"})';
    expect(await reading({ url, bad, total })).toEqual({ bad: 0, total: 200, assumed: true });
  });

  test("a total that isn't there is an error, never zero", async () => {
    const metric = { url, bad: total, total: "sum(nothing_total)" };
    expect(await reading(metric)).toEqual({ error: "the query finds nothing" });
  });

  test("gives one value, of a vector or a scalar", async () => {
    const value = 'sum(orders_total{color="blue"}) / 100';
    expect(await reading({ url, value, lower: 1 })).toEqual({ value: 50 });
    expect(await reading({ url, value: "scalar(vector(3))", lower: 1 })).toEqual({ value: 3 });
  });

  test("a release's name stays inside its quotes", async () => {
    const value = 'sum(orders_total{release="{version}"})';
    const found = await reading({ url, value, lower: 1 }, 'a"b');
    expect(found).toEqual({ value: 3 });
  });

  test("several series are an error that says what to do", async () => {
    const metric = { url, value: 'orders_total{color="{color}"}', lower: 1 };
    expect(await reading(metric)).toEqual({ error: "the query finds 3 series; sum them up" });
  });

  test("no number is an error", async () => {
    expect(await reading({ url, value: "scalar(nothing)", lower: 1 })).toEqual({
      error: "its value is no number",
    });
  });

  test("a check reads it about the color that is checked", async () => {
    const bad = 'sum(orders_failed_total{color="{color}"})';
    const metrics = [sourceOf({ url, bad, total })];
    const check = metricCheck({ metric: "orders", atMost: 0.05, deadlineMs: 500 });
    const [green] = await runChecks([check], subject({ metrics }));
    expect(green).toMatchObject({
      verdict: "pass",
      sentence: "orders of green is 7 bad of 200 (3.5 %), at most 0.05 allowed",
    });
    const [strict] = await runChecks([{ ...check, atMost: 0.01 }], subject({ metrics }));
    expect(strict).toMatchObject({ verdict: "fail" });
    const [unread] = await runChecks(
      [check],
      subject({ metrics: [sourceOf({ url, bad, total: bad.replace("failed", "no") })] }),
    );
    expect(unread).toMatchObject({
      verdict: "error",
      sentence: "orders of green can't be read: the query finds nothing",
    });
  });

  test("what it refuses is told in its own words", async () => {
    const found = await reading({ url, value: "sum(", lower: 1 });
    expect(found).toHaveProperty("error", expect.stringMatching(/answered 400.*parse error/));
  });
});

describe("a stand-in for a server with faults", () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  test.each([
    [{ status: "error" }, "the answer isn't Prometheus's"],
    [{ status: "success", data: {} }, "the answer has no result"],
    [
      { status: "success", data: { resultType: "matrix", result: [] } },
      "the query gives a matrix, not one number",
    ],
    [{ status: "success", data: { resultType: "vector", result: [{}] } }, "its value is no number"],
  ])("%j is an error", async (document, error) => {
    const server = createServer((_req, res) => {
      res.end(JSON.stringify(document));
    });
    servers.push(server);
    const url = `http://127.0.0.1:${await listening(server)}`;
    expect(await reading({ url, value: "up", lower: 1 })).toEqual({ error });
  });

  test("is asked below the path of its address", async () => {
    const asked: string[] = [];
    const server = createServer((req, res) => {
      asked.push(req.url ?? "");
      res.end("{}");
    });
    servers.push(server);
    const url = `http://127.0.0.1:${await listening(server)}/tenant/`;
    await reading({ url, value: 'up{color="{color}"}', lower: 1 });
    expect(asked).toEqual(["/tenant/api/v1/query?query=up%7Bcolor%3D%22green%22%7D"]);
  });
});
