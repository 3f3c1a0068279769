/** nginx's counters: their bytes are given back to the disk once, and the counts stay. */

import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { countFiles, nginxTraffic } from "../../../infra/platforms/proxy/nginx/counters.ts";
import type { Host } from "../../../infra/platforms/proxy/host.ts";
import { OpenSshHost } from "../../../infra/platforms/proxy/hosts/open-ssh.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { startSshd } from "./sshd.ts";
import { describeWith, onEnd, startedRouter } from "./support.ts";

const counted = 17_000_000;

/** A router whose blue had so many requests, and what ran to give their bytes back. */
async function busyOne() {
  const { spec } = await startedRouter("nginx");
  const [done] = countFiles(spec, "blue");
  writeFileSync(done, Buffer.alloc(counted, "x"));
  const ran: string[] = [];
  const host: Host = {
    ...thisMachine,
    run: (argv, options) => {
      if (argv[0] === "fallocate") ran.push(argv[0]);
      return thisMachine.run(argv, options);
    },
  };
  const requests = async (): Promise<number> => {
    return (await nginxTraffic(host, spec, { blue: [], green: [] })).blue.requests;
  };
  return { done, ran, requests };
}

describeWith(["nginx", "fallocate"], "a counter with many requests", () => {
  test("gives its bytes back once, and keeps its count", async () => {
    const { done, ran, requests } = await busyOne();
    for (let look = 1; look <= 3; look += 1) expect(await requests()).toBe(counted);
    expect(ran).toEqual(["fallocate"]);
    const [size] = await thisMachine.sizes([done]);
    expect(size?.usedBytes).toBeLessThan(1_000_000);
  });
});

describeWith(["nginx", "fallocate", "sshd", "ssh"], "a counter's size over SSH", () => {
  test("is the same as here", async () => {
    const { access } = await startSshd();
    const host = new OpenSshHost(access);
    onEnd(() => host.close());
    const { done, requests } = await busyOne();
    const before = await host.sizes([done]);
    await requests();
    const after = await host.sizes([done]);
    for (const [there] of [before, after]) expect(there).toMatchObject({ bytes: counted });
    expect(after[0]?.usedBytes).toBeLessThan(before[0]?.usedBytes ?? 0);
    expect(after[0]?.usedBytes).toBe((await thisMachine.sizes([done]))[0]?.usedBytes);
  });
});
