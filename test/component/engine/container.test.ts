/** Containers may share a host's name and a backend: none judges the processes of another. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { livenessOf, thisOwner } from "../../../automation/owner.ts";
import { makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

const inContainer = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const possible = spawnSync("unshare", [...inContainer, "true"]).status === 0;
if (!possible) console.warn("skipped: no pid namespace can be made here");

const looker = fileURLToPath(new URL("look-from-container.ts", import.meta.url));

let scratch: Scratch;
let outside: ChildProcess;

beforeEach(async () => {
  scratch = await makeScratch();
  outside = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(outside, "spawn");
});

afterEach(async () => {
  outside.kill("SIGKILL");
  await scratch.remove();
});

it.skipIf(!possible)("a container judges its own locks and owners, and no others", async () => {
  const folder = scratch.path(".pulumi/locks/organization/shop/dev");
  await mkdir(folder, { recursive: true });
  const content = { pid: outside.pid, username: "ann", hostname: hostname(), timestamp: "" };
  await writeFile(`${folder}/outside.json`, JSON.stringify(content));
  const given = {
    address: { url: pathToFileURL(scratch.folder).href, project: "shop", stack: "dev" },
    folder,
    outside: thisOwner(),
    pulumi: await scratch.script("pulumi-next", "while :; do sleep 1; done"),
  };
  const args = [...inContainer, process.execPath, looker, JSON.stringify(given)];
  const env = { ...process.env, XDG_STATE_HOME: scratch.path("state") };
  const { stdout, stderr } = spawnSync("unshare", args, { env, encoding: "utf8", timeout: 20_000 });
  expect(JSON.parse(stdout || stderr)).toEqual({
    alive: { outside: "other-host", noted: "live", unnoted: "other-host" },
    ended: { outside: "other-host", noted: "dead", unnoted: "other-host" },
    owners: ["unknown", "live", "dead"],
  });
});

it("an owner of this host is judged by pid and start, one of another container isn't", () => {
  const me = thisOwner();
  const { pid: ended } = spawnSync("true");
  expect(livenessOf(me)).toBe("live");
  expect(livenessOf({ ...me, pid: ended })).toBe("dead");
  expect(livenessOf({ ...me, host: "elsewhere" })).toBe("unknown");
  const elsewhere = { ...me, started: `${me.started.split(" in ")[0] ?? ""} in pid:[1]` };
  expect(livenessOf(elsewhere)).toBe("unknown");
});
