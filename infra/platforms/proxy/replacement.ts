/** Puts a configuration in its file, or leaves the former one there: only what the server accepts. */

import { BlueGreenError } from "../../errors.ts";
import type { Access } from "./access.ts";
import { filesOf } from "./spec.ts";

const testMs = 10_000;

/**
 * @throws STORE_FAILED, and ROUTER_REFUSED when the server doesn't accept its whole configuration:
 * the former one then stays in place.
 */
export async function replace(access: Access, text: string, former: string | null): Promise<void> {
  await access.dialect.prepare(access.host, access.spec);
  if (access.spec.mode === "managed") await replaceManaged(access, text);
  else await replaceIncluded(access, text, former);
}

/** Tested beside its place: whatever is cut short, the file in its place was accepted. */
async function replaceManaged(access: Access, text: string): Promise<void> {
  const { spec, host } = access;
  const { config, candidate } = filesOf(spec);
  await host.write(candidate, text);
  const refused = await refusedBy(access, candidate);
  if (refused === null) await host.write(config, text);
  await host.remove(candidate);
  if (refused !== null) throw refused;
}

/**
 * Tested in its place, as other files of the same server name it. Until it is accepted the former
 * one lies beside it, for whoever comes after a test that was cut short.
 */
async function replaceIncluded(access: Access, text: string, former: string | null): Promise<void> {
  const { spec, host } = access;
  const { config, former: kept } = filesOf(spec);
  if (former !== null) await host.write(kept, former);
  await host.write(config, text);
  const refused = await refusedBy(access, config);
  if (refused !== null) {
    if (former === null) await host.remove(config);
    else await host.write(config, former);
  }
  await host.remove(kept);
  if (refused !== null) throw refused;
}

/**
 * Takes back what a process that was killed wrote into somebody's configuration, but didn't test.
 *
 * @throws STORE_FAILED
 */
export async function takeBackUntested({ spec, host }: Access): Promise<void> {
  if (spec.mode === "managed") return;
  const { config, former } = filesOf(spec);
  const text = await host.read(former);
  if (text === null) return;
  await host.write(config, text);
  await host.remove(former);
}

/** Null when the server accepts the configuration. */
async function refusedBy(access: Access, file: string): Promise<BlueGreenError | null> {
  const { spec, host, dialect } = access;
  const argv = dialect.checkArgv(spec, file);
  const ran = await host.run(argv, { deadlineMs: testMs });
  if (ran.code === 0) return null;
  if (ran.code === 127) return missing(access, argv, ran.stderr);
  if (ran.timedOut) return new BlueGreenError("ROUTER_REFUSED", testTook(access));
  const output = `${ran.stdout}\n${ran.stderr}`;
  return dialect.explain(spec, output.replaceAll(file, filesOf(spec).config));
}

function testTook({ spec }: Access): string {
  return `${spec.dialect} didn't test its configuration within ${testMs} ms`;
}

/** @returns the error for a program that isn't there */
export function missing({ host }: Access, argv: readonly string[], why: string): BlueGreenError {
  const [program = ""] = argv;
  return new BlueGreenError(
    "ROUTER_REFUSED",
    `${program} can't be run on ${host.name}: ${why.trim()}`,
    {
      hint: "Install it there, or set `proxy.program` to where it is.",
    },
  );
}
