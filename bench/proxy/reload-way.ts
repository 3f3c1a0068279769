/** The peer's way: the upstream's address is edited, then the server reads its configuration. */

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { DialectName } from "../../infra/platforms/proxy/spec.ts";
import { nowMs } from "../clock.ts";
import { haproxyRecipe, nginxRecipe } from "./recipe-config.ts";
import type { Way, WayOrder } from "./way.ts";

const answersMs = 5_000;
const endsMs = 5_000;
const reloadMs = 10_000;

interface Recipe {
  render(address: string): string;
  /** In the foreground, so that its process id is known. */
  readonly startArgs: readonly string[];
  reload(server: ChildProcess): Promise<void>;
}

export async function startReloadWay(
  dialect: DialectName,
  order: WayOrder & { readonly idleClose: boolean },
): Promise<Way> {
  const { program, dir, port, addresses } = order;
  const config = join(dir, `${dialect}.conf`);
  mkdirSync(dir);
  const recipe = recipes[dialect](order, config);
  edit(config, recipe.render(addresses.blue));
  const server = spawn(program, recipe.startArgs, { stdio: ["ignore", "ignore", "pipe"] });
  const complaints: string[] = [];
  server.stderr.setEncoding("utf8").on("data", (text: string) => complaints.push(text));
  const url = `http://127.0.0.1:${port}`;
  const end = (): Promise<void> => endServer(server);
  try {
    await answers(url, server);
  } catch (error) {
    await end();
    throw new Error(`${dialect} didn't start:\n${complaints.join("")}`, { cause: error });
  }
  const flip: Way["flip"] = async (color) => {
    edit(config, recipe.render(addresses[color]));
    await recipe.reload(server);
  };
  return { url, flip, end };
}

const recipes: Readonly<
  Record<DialectName, (order: WayOrder & { idleClose: boolean }, config: string) => Recipe>
> = {
  nginx: (order, config) => {
    const common = ["-c", config, "-p", order.dir];
    return {
      render: (address) => nginxRecipe(order, address),
      startArgs: common,
      reload: async () => {
        const args = [...common, "-s", "reload"];
        await promisify(execFile)(order.program, args, { timeout: reloadMs });
      },
    };
  },
  haproxy: (order, config) => ({
    render: (address) => haproxyRecipe(order, address),
    startArgs: ["-W", "-db", "-f", config],
    reload: (server) => {
      server.kill("SIGUSR2");
      return Promise.resolve();
    },
  }),
};

/** As an editor does it: a new file takes the former one's place. */
function edit(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  const deadline = nowMs() + answersMs;
  while (!(await isAnswered(url))) {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
    if (nowMs() > deadline) throw new Error(`no answer within ${answersMs} ms`);
    await sleep(20);
  }
}

function isAnswered(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false, timeout: 1_000 }, (response) => {
      response.resume().on("end", () => {
        resolve(response.statusCode === 200);
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", () => {
      resolve(false);
    });
  });
}

/** Its workers, those of former configurations too, go with the first process. */
async function endServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  const timer = setTimeout(() => server.kill("SIGKILL"), endsMs);
  await ended.finally(() => {
    clearTimeout(timer);
  });
}
