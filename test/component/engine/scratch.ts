/** Temporary folders with fake executables in them, for tests about finding an engine. */
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Scratch {
  readonly folder: string;
  path(...names: string[]): string;
  script(name: string, body: string): Promise<string>;
  remove(): Promise<void>;
}

export async function makeScratch(): Promise<Scratch> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bluegreen-engine-")));
  return {
    folder,
    path: (...names) => join(folder, ...names),
    async script(name, body) {
      const file = join(folder, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `#!/bin/sh\n${body}\n`);
      await chmod(file, 0o755);
      return file;
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Polls until the function returns something; fails with the description past the deadline. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null> | T | null,
  limitMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    const seen = await look();
    if (seen !== null) return seen;
    await sleep(20);
  }
  throw new Error(`not within ${limitMs} ms: ${what}`);
}

/** A pulumi that only knows its version. */
export function fakePulumi(version: string): string {
  return `echo v${version}`;
}

/**
 * A go that "builds" such a pulumi: it stands in for a compile of three minutes. It logs each
 * build with its pid to `go.log` beside the folder that HOME names, works while `hold` is there,
 * and fails with the text of `fails`. Its environment at the build is left in `go.env`.
 */
export function fakeGo(version = "1.26.8"): string {
  return `
if [ "$1" = version ]; then echo "go version go${version} linux/amd64"; exit 0; fi
base=$(dirname "$HOME")
env > "$base/go.env"
while [ "$1" != -o ]; do shift; done
echo $$ >> "$base/go.log"
mkdir -p "$(dirname "$2")"
printf '#!/bin/sh\\necho half' > "$2"
echo "go: downloading example.com/module v1.0.0" >&2
echo example.com/module/one >&2
while [ -e "$base/hold" ]; do sleep 0.02; done
if [ -e "$base/fails" ]; then cat "$base/fails" >&2; exit 1; fi
printf '#!/bin/sh\\necho v3.259.0\\n' > "$2"
chmod 755 "$2"`;
}
