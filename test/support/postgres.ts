/** A real PostgreSQL in a temporary folder, from Debian's packages or a user's PATH. */

import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe } from "vitest";
import { anyPort, freePort } from "../../infra/platforms/local/supervisor/ports.ts";
import { findProgram } from "./programs.ts";
import { requireAll } from "./project/engine.ts";

/** Debian keeps the servers of each version in a folder of their own. */
const debian = "/usr/lib/postgresql";

const bin = findBin();

function findBin(): string | null {
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const folders = versions.map((version) => join(debian, version, "bin"));
  const onPath = findProgram("initdb");
  // A link may stand alone: the other programs are beside the file itself.
  const linked = onPath === null ? [] : [dirname(realpathSync(onPath))];
  const whole = (folder: string): boolean =>
    ["initdb", "postgres", "psql"].every((program) => existsSync(join(folder, program)));
  return [...folders, ...linked].find(whole) ?? null;
}

/** `describe` for tests on a real database: skipped with a reason, or demanded. */
export function describeWithPostgres(name: string, tests: () => void): void {
  if (bin === null && !requireAll) {
    console.warn(`skipped, PostgreSQL isn't on this machine: ${name}`);
    describe.skip(name, tests);
    return;
  }
  describe(name, tests);
}

export interface Postgres {
  /** What clients find it by: PGHOST and the like. */
  readonly env: Readonly<Record<string, string>>;
  /** What psql prints, without frame and headings. */
  sql(...args: readonly string[]): string;
  /** Ends the server and removes its folder. */
  remove(): Promise<void>;
}

const startMs = 20_000;
const user = "shop";

/** An account without rights: the server refuses to run as root. */
function account(): Pick<SpawnOptions, "uid" | "gid"> {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export async function startPostgres(): Promise<Postgres> {
  if (bin === null) throw new Error("these tests need PostgreSQL: apt-get install postgresql");
  const folder = mkdtempSync(join(tmpdir(), "pg-"));
  const as = account();
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid);
  const data = join(folder, "data");
  const shared = { ...as, cwd: folder, env: { PATH: process.env["PATH"], LC_ALL: "C" } };
  const init = ["-D", data, "-U", user, "--auth=trust", "--encoding=UTF8", "--no-sync"];
  execFileSync(join(bin, "initdb"), init, { ...shared, stdio: "pipe" });
  const port = await freePort("127.0.0.1", anyPort(new Set()), new Set());
  const options = ["listen_addresses=127.0.0.1", "fsync=off", `unix_socket_directories=${folder}`];
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), ...options.flatMap((option) => ["-c", option])],
    { ...shared, stdio: "ignore" },
  );
  const env = { PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: user, PGDATABASE: "postgres" };
  const psql = join(bin, "psql");
  const sql = (...args: readonly string[]): string =>
    execFileSync(psql, ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", ...args], {
      encoding: "utf8",
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const remove = async (): Promise<void> => {
    await end(server);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await answers(() => sql("-c", "SELECT 1"));
  } catch (error) {
    await remove();
    throw error;
  }
  return { env, sql, remove };
}

async function answers(ask: () => string): Promise<void> {
  const deadline = Date.now() + startMs;
  for (;;) {
    try {
      ask();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** SIGINT ends its connections, too. */
async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGINT");
  const late = setTimeout(() => server.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(late);
}
