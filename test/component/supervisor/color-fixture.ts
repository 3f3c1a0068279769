/** Real applications in temporary folders, and colors that end with the test that made them. */

import { readFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect } from "vitest";

import { isAlive, startOf } from "../../../infra/process-identity.ts";
import { stopColor } from "../../../infra/platforms/local/supervisor/client.ts";
import { colorFolder } from "../../../infra/platforms/local/supervisor/color-folder.ts";
import type { ColorSpec } from "../../../infra/platforms/local/supervisor/color-spec.ts";
import { readLedger } from "../../../infra/platforms/local/supervisor/instance-ledger.ts";
import { currentHolder } from "../../../infra/platforms/local/supervisor/supervisor-lock.ts";

/** Serves /healthz and its own environment; ends with code 3 when asked to GET /crash. */
export const server = `
  import { createServer } from "node:http";
  const app = createServer((request, response) => {
    if (request.url === "/crash") process.exit(3);
    if (request.url === "/env") return response.end(JSON.stringify(process.env));
    console.log("GET " + request.url);
    response.end("ok " + process.env.VERSION);
  });
  app.listen(Number(process.env.PORT), process.env.HOST, () => console.log("listening"));
`;

const colors: string[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const dir of colors.splice(0)) await stopColor(dir, { drainMs: 0 });
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true });
});

export function tempDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "supervisor-")));
  folders.push(dir);
  return dir;
}

/** A folder for a color, not made yet; whatever runs there is ended after the test. */
export function colorDir(name = "blue"): string {
  const dir = join(tempDir(), name);
  colors.push(dir);
  return dir;
}

/** A release of one file, `app.mjs`. */
export function release(code: string): string {
  const dir = tempDir();
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "app.mjs"), code);
  return dir;
}

/** Runs `code` by this Node, with short timeouts. */
export function specOf(code: string, change: Partial<ColorSpec> = {}): ColorSpec {
  return {
    schema: 1,
    color: "blue",
    version: "1",
    digest: "sha256:1",
    releaseDir: release(code),
    command: [process.execPath, "app.mjs"],
    env: {},
    instances: 1,
    host: "127.0.0.1",
    health: { path: "/healthz", statuses: [200], timeoutMs: 1000, intervalMs: 100 },
    startMs: 10_000,
    drainMs: 2000,
    rolloutId: "r1",
    ...change,
  };
}

export async function waitFor<T>(
  look: () => T | Promise<T>,
  isDone: (seen: T) => boolean,
  withinMs = 8000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isDone(seen)) return seen;
    if (performance.now() > deadline) {
      expect.fail(`not seen within ${withinMs} ms; last: ${JSON.stringify(seen)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The body of a GET; null when the connection fails. */
export function fetchText(address: string, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get(`http://${address}${path}`, { agent: false, timeout: 2000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => {
        resolve(text);
      });
      response.on("error", () => {
        resolve(null);
      });
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => {
      resolve(null);
    });
  });
}

export function isRunning(pid: number): boolean {
  return startOf(pid) !== null;
}

/** Ends the color's supervisor alone, without a chance to clean up. */
export async function killSupervisor(dir: string): Promise<number> {
  const holder = currentHolder(colorFolder(dir));
  if (holder === null) return expect.fail("no supervisor runs");
  process.kill(holder.pid, "SIGKILL");
  await waitFor(
    () => isAlive(holder),
    (alive) => !alive,
  );
  return holder.pid;
}

export function supervisorPid(dir: string): number | null {
  return currentHolder(colorFolder(dir))?.pid ?? null;
}

export function pidsOnRecord(dir: string): (number | undefined)[] {
  return readLedger(colorFolder(dir).ledger).map((entry) => entry.process?.pid);
}

export function textOf(path: string): string {
  return readFileSync(path, "utf8");
}
