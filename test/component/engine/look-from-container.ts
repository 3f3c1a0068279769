/** Run in a pid namespace of its own: prints how it judges a lock and an owner from outside, and its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { noteHeldLocks, stackLocks } from "../../../automation/engine/lock.ts";
import type { StackAddress } from "../../../automation/engine/lock.ts";
import { livenessOf, thisOwner } from "../../../automation/owner.ts";
import type { Owner } from "../../../infra/model.ts";

interface Given {
  readonly address: StackAddress;
  /** Folder of that stack's locks. */
  readonly folder: string;
  readonly outside: Owner;
  /** An executable that sleeps, called pulumi-something. */
  readonly pulumi: string;
}

const { address, folder, outside, pulumi } = JSON.parse(process.argv[2] ?? "") as Given;

const child = spawn(pulumi, { stdio: "ignore" });
await once(child, "spawn");
const content = { username: "ann", hostname: hostname(), timestamp: new Date().toISOString() };
const lock = (id: string): Promise<void> =>
  writeFile(join(folder, `${id}.json`), JSON.stringify({ ...content, pid: child.pid }));
await lock("noted");
await noteHeldLocks(address);
await lock("unnoted");
const alive = await states();
child.kill("SIGKILL");
await once(child, "exit");

const me = thisOwner();
const gone = { ...me, pid: child.pid ?? 0 };
const owners = [outside, me, gone].map(livenessOf);
process.stdout.write(JSON.stringify({ alive, ended: await states(), owners }));

async function states(): Promise<Record<string, string>> {
  const found = await stackLocks(address);
  return found === "unknown" ? {} : Object.fromEntries(found.map(({ id, state }) => [id, state]));
}
