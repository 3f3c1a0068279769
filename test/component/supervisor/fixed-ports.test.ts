/** Colors on ports that stay: from release to release, with more instances, and when one is taken. */

import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ensureColor } from "../../../infra/platforms/local/supervisor/client.ts";
import type { ColorStatus } from "../../../infra/platforms/local/supervisor/client.ts";
import { anyPort, freePort } from "../../../infra/platforms/local/supervisor/ports.ts";
import { colorDir, fetchText, server, specOf } from "./color-fixture.ts";

const setting = "bluegreen:proxy.colors.ports.blue";

async function freeFirst(): Promise<number> {
  return await freePort("127.0.0.1", anyPort(new Set()), new Set());
}

function addressesOf({ instances }: ColorStatus): readonly string[] {
  return instances.map(({ address }) => address);
}

test("instances have the first port and the next ones, whatever release they are of", async () => {
  const dir = colorDir();
  const ports = { first: await freeFirst(), setting };
  const expected = [0, 1].map((index) => `127.0.0.1:${ports.first + index}`);
  const one = await ensureColor(dir, specOf(server, { ports }));
  expect(addressesOf(one)).toEqual(expected.slice(0, 1));
  const grown = await ensureColor(dir, specOf(server, { ports, instances: 2 }));
  expect(addressesOf(grown)).toEqual(expected);
  expect(grown.instances[0]?.pid).toBe(one.instances[0]?.pid);
  const change = { ports, instances: 2, version: "2", digest: "sha256:2" };
  const next = await ensureColor(dir, specOf(server, change));
  expect(addressesOf(next)).toEqual(expected);
  expect(await fetchText(expected[0] ?? "", "/")).toBe("ok 2");
});

test("other ports replace the instances, though the release stays", async () => {
  const dir = colorDir();
  const former = { first: await freeFirst(), setting };
  const spec = specOf(server, { ports: former });
  await ensureColor(dir, spec);
  const ports = { first: await freeFirst(), setting };
  const moved = await ensureColor(dir, { ...spec, ports });
  expect(addressesOf(moved)).toEqual([`127.0.0.1:${ports.first}`]);
  expect(await fetchText(`127.0.0.1:${former.first}`, "/")).toBeNull();
});

test("a port that is taken is named, with the setting that has it", async () => {
  const first = await freeFirst();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(first, "127.0.0.1", resolve));
  onTestFinished(() => void other.close());
  const dir = colorDir();
  const spec = specOf(server, { ports: { first, setting } });
  await expect(ensureColor(dir, spec)).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: `port ${first} of 127.0.0.1 is taken by another process`,
    hint: expect.stringContaining(setting) as string,
  });
  await new Promise((resolve) => other.close(resolve));
  const status = await ensureColor(dir, spec);
  expect(addressesOf(status)).toEqual([`127.0.0.1:${first}`]);
});
