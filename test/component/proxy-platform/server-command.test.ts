/** Commands for servers: they end with whoever ran them, are alone there, and are remembered. */

import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { parseSettings } from "../../../infra/config.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import { proxyLogs } from "../../../infra/platforms/proxy/logs.ts";
import type {
  Order,
  ServerCommand,
} from "../../../infra/platforms/proxy/resources/server-command.ts";
import { runOnServer } from "../../../infra/platforms/proxy/resources/server-command.ts";
import { serverPlace } from "../../../infra/platforms/proxy/server-place.ts";
import { startOf } from "../../../infra/process-identity.ts";
import { allProcesses } from "../../support/project/processes.ts";
import { freePort, kill, onEnd, openFolder } from "./support.ts";

interface Place {
  readonly folder: string;
  readonly order: Order;
  readonly command: (name: string, script: string) => ServerCommand;
}

async function openPlace(): Promise<Place> {
  const folder = openFolder();
  vi.stubEnv("XDG_STATE_HOME", join(folder, "state"));
  onEnd(() => vi.unstubAllEnvs());
  const address = `127.0.0.1:${await freePort()}`;
  const order: Order = {
    ...{ address, color: "green", version: "2", digest: "sha256:2", startMs: 20_000 },
    health: { path: "/", statuses: [200], timeoutMs: 500, intervalMs: 50 },
    ...{ ssh: null, rotation: null, cwd: folder },
  };
  const command = (name: string, script: string): ServerCommand => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { what: "install", argv: [`./${name}`] };
  };
  return { folder, order, command };
}

async function failureOf(work: Promise<unknown>): Promise<BlueGreenError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof BlueGreenError) return error;
  return expect.fail(`it isn't refused, but ${String(error)}`);
}

const modulePath = resolve("infra/platforms/proxy/resources/server-command.ts");

/** Runs it in a process of its own, as a provider does; returns once the command runs. */
async function runElsewhere({ folder, order }: Place, command: ServerCommand) {
  const leaving = `for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));`;
  const call = `${leaving}
    const { runOnServer } = await import(${JSON.stringify(modulePath)});
    await runOnServer(${JSON.stringify(order)}, ${JSON.stringify(command)});`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", call];
  const provider = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((done) => provider.once("close", done));
  onEnd(async () => {
    provider.kill("SIGKILL");
    await ended;
  });
  const file = join(folder, "pid");
  const pidOf = () => (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  await expect.poll(pidOf, { timeout: 15_000 }).toMatch(/^\d+$/);
  const pid = Number(pidOf());
  onEnd(() => {
    if (runs(pid)) kill(pid, "SIGKILL");
  });
  return { provider, ended, pid };
}

/** Nobody may have taken notice yet of one that has ended. */
function runs(pid: number): boolean {
  return startOf(pid) !== null;
}

const hanging = "echo begun; echo $$ > pid; exec sleep 60";

test.each(["SIGINT", "SIGTERM"] as const)(
  "a command is over when who runs it is told to end (%s)",
  async (signal) => {
    const place = await openPlace();
    const { provider, ended, pid } = await runElsewhere(place, place.command("hang.sh", hanging));
    provider.kill(signal);
    await ended;
    await expect.poll(() => runs(pid)).toBe(false);
    expect(readFileSync(serverPlace(place.order).log, "utf8")).toMatch(
      /was ended, as whoever ran it ended\nbegun\n$/,
    );
    await runOnServer(place.order, place.command("quick.sh", "true"));
  },
);

test("a command ends with who ran it, also where that is killed", async () => {
  const place = await openPlace();
  const { provider, ended, pid } = await runElsewhere(place, place.command("hang.sh", hanging));
  provider.kill("SIGKILL");
  await ended;
  await expect.poll(() => runs(pid)).toBe(false);
});

test("a command that outlived who ran it keeps the next one off, until it has ended", async () => {
  const place = await openPlace();
  const { provider, ended, pid } = await runElsewhere(place, place.command("hang.sh", hanging));
  const watching = allProcesses().filter(({ command }) => command.endsWith(`sh ${pid}`));
  expect(watching).toHaveLength(1);
  for (const watch of watching) kill(watch.pid, "SIGKILL");
  provider.kill("SIGKILL");
  await ended;
  expect(runs(pid)).toBe(true);
  const next = place.command("next.sh", "echo ran > ran");
  const error = await failureOf(runOnServer({ ...place.order, version: "3" }, next));
  expect(error.code).toBe("PROVISION_FAILED");
  expect(error.message).toContain(`install of 2 still runs there since`);
  expect(error.message).toContain(`(process ${pid})`);
  expect(error.hint).toContain(`kill -9 -- -${pid}`);
  expect(existsSync(join(place.folder, "ran"))).toBe(false);
  kill(pid, "SIGKILL");
  await runOnServer({ ...place.order, version: "3" }, next);
  expect(existsSync(join(place.folder, "ran"))).toBe(true);
});

test("where the end of a command can't be seen, its time must be up", async () => {
  const { order, command } = await openPlace();
  const { lock } = serverPlace(order);
  await runOnServer(order, command("first.sh", "true"));
  const gone = { pid: 2 ** 22 + 5, started: "long ago" };
  const held = { host: "elsewhere", holder: gone, command: null, what: "install of 1" };
  const since = "2030-05-01T12:00:00.000Z";
  writeFileSync(lock, JSON.stringify({ ...held, since, untilMs: Date.now() + 60_000 }));
  const error = await failureOf(runOnServer(order, command("next.sh", "true")));
  expect(error.message).toContain("install of 1 was begun by the host elsewhere");
  writeFileSync(lock, JSON.stringify({ ...held, since, untilMs: Date.now() - 1 }));
  await runOnServer(order, command("next.sh", "true"));
  expect(existsSync(lock)).toBe(false);
});

test("a lock that another host left is told of at once, with its age and the way out", async () => {
  const { order, command } = await openPlace();
  const { lock } = serverPlace(order);
  await runOnServer(order, command("first.sh", "true"));
  const gone = { pid: 2 ** 22 + 5, started: "long ago" };
  const held = { host: "ci-7", holder: gone, command: gone, what: "install of 1" };
  const since = new Date(Date.now() - 3 * 60_000).toISOString();
  writeFileSync(lock, JSON.stringify({ ...held, since, untilMs: null }));
  const began = Date.now();
  const error = await failureOf(runOnServer(order, command("next.sh", "true")));
  expect(Date.now() - began).toBeLessThan(3_000);
  expect(error.code).toBe("PROVISION_FAILED");
  expect(error.message).toContain(
    `install of 1 was begun by the host ci-7 3m ago (${since}), and only there it can be known`,
  );
  expect(error.hint).toContain(`\`rm ${lock}\``);
  rmSync(lock);
  await runOnServer(order, command("next.sh", "true"));
});

test("says of a command that is there and isn't executable just that", async () => {
  const { folder, order, command } = await openPlace();
  const plain = command("release.sh", "true");
  chmodSync(join(folder, "release.sh"), 0o644);
  const { hint } = await failureOf(runOnServer(order, plain));
  expect(hint).toBe("./release.sh isn't executable: `chmod +x ./release.sh`.");
  const lost = { ...plain, argv: ["./other.sh"] };
  expect((await failureOf(runOnServer(order, lost))).hint).toContain("./other.sh isn't there");
  writeFileSync(join(folder, "odd.sh"), "#!/no/such/shell\n", { mode: 0o755 });
  const odd = await failureOf(runOnServer(order, { ...plain, argv: ["./odd.sh"] }));
  expect(odd.hint).toContain("the interpreter that its first line names isn't");
});

test("what it said is in the color's log, without secrets, whether it failed or not", async () => {
  const { order, command } = await openPlace();
  vi.stubEnv("DEPLOY_TOKEN", "s3cret-of-ours");
  const says = 'echo "fetching https://me:pass@example.com with $DEPLOY_TOKEN"';
  await runOnServer(order, command("good.sh", says));
  const error = await failureOf(runOnServer(order, command("bad.sh", `${says}; exit 9`)));
  const shown = "fetching https://me:[hidden]@example.com with [hidden]";
  expect(error.details).toEqual([shown]);
  expect(error.hint).toContain("bluegreen logs green");
  const settings = parseSettings({
    ...{ environment: "dev", application: "shop", platform: "proxy" },
    proxy: JSON.stringify({
      colors: { kind: "servers", blue: ["127.0.0.1:1"], green: [order.address], install: ["true"] },
    }),
  });
  const query = { source: "green", tail: 100, follow: null, instance: null } as const;
  const lines: string[] = [];
  for await (const { line } of proxyLogs(settings, query)) lines.push(line);
  expect(lines).toEqual([
    expect.stringMatching(/^--- \S+ install of green 2 on 127.0.0.1:\d+ ended well/),
    shown,
    expect.stringMatching(/failed with exit code 9$/),
    shown,
  ]);
  expect(() => proxyLogs(settings, { ...query, source: "blue" })).toThrow(
    "no installation of blue was run from this machine",
  );
});
