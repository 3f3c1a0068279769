/** Makes our language host available to engines that came without one. */
import { chmod, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findOnPath, isExecutable } from "./command.ts";
import { engineCacheFolder } from "./folders.ts";
import type { Environment } from "./folders.ts";

const launcherName = "pulumi-language-nodejs";
const hostSource = fileURLToPath(new URL("language-host.ts", import.meta.url));

/**
 * Null: the engine has a language host, beside it or on PATH. Otherwise the path of ours, written
 * beside the engine where that is our own folder, so that Pulumi doesn't warn of it.
 */
export async function languageHostFor(pulumi: string, env: Environment): Promise<string | null> {
  const folder = dirname(await realpath(pulumi));
  const cache = engineCacheFolder(env);
  const ours = folder.startsWith(`${await realFolder(cache)}/`);
  const ownLauncher = join(ours ? folder : join(cache, "language-host"), launcherName);
  const beside = join(folder, launcherName);
  if ((await isExecutable(beside)) && !(await isOurs(beside))) return null;
  const onPath = await findOnPath(launcherName, env);
  if (onPath !== null && !(await isOurs(onPath))) return null;
  await write(ownLauncher);
  return ownLauncher;
}

async function realFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return await realpath(folder);
}

const signature = "# bluegreen's launcher of its language host";

async function isOurs(launcher: string): Promise<boolean> {
  const text = await readFile(launcher, "utf8").catch(() => "");
  return text.includes(signature);
}

async function write(launcher: string): Promise<void> {
  await mkdir(dirname(launcher), { recursive: true });
  await replaceFile(`${launcher}.mts`, await readFile(hostSource, "utf8"), 0o644);
  await replaceFile(launcher, launcherScript(process.execPath), 0o755);
}

/** The file is always whole, also for a Pulumi that is starting it right now. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  if ((await readFile(file, "utf8").catch(() => null)) === text) return;
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, text);
    await chmod(temporary, mode);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The first Node that can run TypeScript: the driver's, today's, the program's, the system's. */
export function launcherScript(node: string): string {
  return `#!/bin/sh
${signature}
host=$0.mts
try() {
  [ -x "$1" ] && "$1" -e 'process.exit(process.features.typescript ? 0 : 1)' || return 1
}
start() {
  node=$1
  shift
  exec "$node" --disable-warning=ExperimentalWarning "$host" "$@"
}
if [ -n "\${BLUEGREEN_NODE:-}" ] && [ -x "$BLUEGREEN_NODE" ]; then start "$BLUEGREEN_NODE" "$@"; fi
if [ -x ${shellQuote(node)} ]; then start ${shellQuote(node)} "$@"; fi
folder=$PWD
while [ -n "$folder" ]; do
  if try "$folder/node_modules/.bin/node"; then start "$folder/node_modules/.bin/node" "$@"; fi
  folder=\${folder%/*}
done
system=$(command -v node || true)
if try "$system"; then start "$system" "$@"; fi
echo "${launcherName}: no Node.js that runs TypeScript was found." >&2
echo "Run 'npm install' in the program's folder, or set BLUEGREEN_NODE to a Node.js of 22.18 or newer." >&2
exit 1
`;
}

/** Quoted for sh, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
