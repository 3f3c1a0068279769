/** An adopted server that its owner reloads, as for a new certificate, loses no request by it. */

import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import type { Theirs } from "./theirs.ts";
import { startTheirs } from "./theirs.ts";
import {
  call,
  describeDialects,
  describeWith,
  keepAlive,
  routesTo,
  startColors,
} from "./support.ts";

const reloads = 20;
const clients = 16;

describeDialects("an adopted server", (dialect) => {
  test("that its owner reloads again and again loses no POST", async () => {
    const { blue } = await startColors();
    const theirs = await startTheirs(dialect, blue);
    const router = new ProxyRouter(theirs.spec, thisMachine);
    await router.start();
    theirs.include();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const { failures, ended } = await posting(theirs.port, () => reloadOften(theirs));
    expect(failures).toEqual([]);
    expect(ended).toBeGreaterThan(reloads * clients);
  }, 60_000);
});

describeWith(["nginx"], "an adopted nginx", () => {
  test("hands each request over on a connection of its own, which no reload can close", async () => {
    const { blue } = await startColors();
    const { spec, include } = await startTheirs("nginx", blue);
    const router = new ProxyRouter(spec, thisMachine);
    await router.start();
    include();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const reply = await call(spec.port, { agent: keepAlive(1) });
    expect(reply).toMatchObject({ status: 200, headers: { connection: "close" } });
  });
});

async function reloadOften({ spec }: Theirs): Promise<void> {
  const [program = "", ...words] = spec.reload;
  for (let done = 0; done < reloads; done += 1) {
    expect(spawnSync(program, words).status).toBe(0);
    await sleep(100);
  }
}

/** POSTs without end, each on a connection of its own: nginx closes those that clients keep. */
async function posting(port: number, work: () => Promise<void>) {
  let isOver = false;
  let ended = 0;
  const failures: string[] = [];
  const each = async (): Promise<void> => {
    while (!isOver) {
      const reply = await call(port, { method: "POST", body: "text" }).catch(String);
      ended += 1;
      const { status, text } = typeof reply === "string" ? { status: 0, text: reply } : reply;
      if (status !== 200) failures.push(`${status} ${text}`);
    }
  };
  const all = Array.from({ length: clients }, each);
  await work().finally(async () => {
    isOver = true;
    await Promise.all(all);
  });
  return { failures, ended };
}
