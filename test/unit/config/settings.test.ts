import { describe, expect, test } from "vitest";

import { parseSettings } from "../../../infra/config.ts";
import { settle } from "../../../infra/config/settled.ts";
import { proxySchema } from "../../../infra/platforms/proxy/settings.ts";
import { minimal } from "./refusal.ts";

describe("settings from the engine", () => {
  test("need no more than an environment and a command", () => {
    const settings = parseSettings(minimal);
    expect(settings).toEqual({
      environment: "dev",
      application: null,
      platform: "local",
      activeColor: null,
      generation: null,
      version: null,
      health: { path: "/healthz", statuses: [200], timeoutMs: 2_000, intervalMs: 500 },
      metrics: [],
      notify: [],
      checks: [],
      warmup: { paths: [], withinMs: 30_000, concurrency: 4, timeoutMs: 5_000 },
      hold: { warm: null, growWithinMs: 30_000 },
      hooks: [],
      probe: { path: "/healthz", count: 5, ratePerSecond: 20, timeoutMs: 2_000 },
      bake: {
        durationMs: 30_000,
        intervalMs: 2_000,
        alpha: 0.01,
        detect: 0.1,
        errorBudget: 0.001,
        latency: {
          enabled: true,
          quantile: 0.95,
          detect: 0.5,
          ignoreBelowMs: 20,
          afterMs: 5_000,
        },
        synthetic: { enabled: true, paths: ["/healthz"], ratePerSecond: 20 },
      },
      rollbackWindowMs: 1_800_000,
      claimMs: 1_800_000,
      drainMs: 10_000,
      switchWithinMs: 10_000,
      freeze: { zone: "UTC", windows: [], only: [] },
      gate: "automatic",
      gateWithinMs: 86_400_000,
      whileRollingOut: "reject",
      shift: { steps: [], sticky: false },
      migrations: { works: null, expand: null, contract: null, refuseDestructive: false },
      given: { blue: null, green: null },
      color: { file: null, with: {}, secrets: {}, size: 2, startMs: 120_000 },
      local: {
        command: ["node", "server.ts"],
        cwd: ".",
        include: [],
        exclude: [],
        env: {},
        instances: 2,
        startMs: 30_000,
        host: "127.0.0.1",
        port: 8080,
        tls: null,
        accessLog: true,
        pauseMs: 0,
        maxFiles: 50_000,
        maxBytes: 1_000_000_000,
      },
      proxy: settle(proxySchema.parse({})),
    });
  });

  test("are read with and without the namespace, and other namespaces are left out", () => {
    const raw = {
      "bluegreen:environment": "prod",
      "bluegreen:local": minimal.local,
      activeColor: "green",
      generation: "7",
      version: "1.10",
      "aws:region": "eu-central-1",
      "aws:unknown": "x",
    };
    const { environment, activeColor, generation, version } = parseSettings(raw);
    expect({ environment, activeColor, generation, version }).toEqual({
      environment: "prod",
      activeColor: "green",
      generation: 7,
      version: "1.10",
    });
  });

  test("take empty text, which the engine hands on for an empty value, as absent", () => {
    const raw = { ...minimal, application: "", version: "", activeColor: "", health: "" };
    expect(parseSettings(raw)).toEqual(parseSettings(minimal));
  });

  test("need no command where both colors are given", () => {
    const given = { blue: { addresses: ["10.0.0.1:80"] }, green: { addresses: ["[fd00::1]:80"] } };
    const settings = parseSettings({ environment: "dev", given: JSON.stringify(given) });
    expect(settings.given.green).toEqual({ addresses: ["[fd00::1]:80"], version: null });
    expect(settings.local.command).toEqual([]);
  });

  test("take over the numbers and truth values that the CLI writes where text is meant", () => {
    const local = { command: ["run", 8080], env: { PORT: 8080, DEBUG: true } };
    const raw = { environment: "dev", local: JSON.stringify(local), bake: '{"alpha":"0.02"}' };
    const settings = parseSettings(raw);
    expect(settings.local.command).toEqual(["run", "8080"]);
    expect(settings.local.env).toEqual({ PORT: "8080", DEBUG: "true" });
    expect(settings.bake.alpha).toBe(0.02);
  });

  test("name each check after what it asks, unless it has a name", () => {
    const checks = [
      { kind: "http", path: "/products" },
      { kind: "version" },
      { kind: "command", argv: ["smoke", "--fast"] },
      { kind: "http", path: "/", name: "front page" },
    ];
    const settings = parseSettings({ ...minimal, checks: JSON.stringify(checks) });
    const names = settings.checks.map(({ name }) => name);
    expect(names).toEqual(["http /products", "version /version", "command smoke", "front page"]);
  });

  test("probe the health path where no other is written", () => {
    const health = JSON.stringify({ path: "/alive" });
    expect(parseSettings({ ...minimal, health }).probe.path).toBe("/alive");
    const probe = JSON.stringify({ path: "/shop" });
    expect(parseSettings({ ...minimal, health, probe }).probe.path).toBe("/shop");
  });
});
