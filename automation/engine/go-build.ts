/** Gets the Pulumi engine from its Go modules: slow, but all it needs is `go` and a module proxy. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { findOnPath, runCommand } from "./command.ts";
import { goEnvironment } from "./download-environment.ts";
import { engineModuleFolder } from "./folders.ts";
import type { Environment } from "./folders.ts";
import { fetchedPulumiVersion, formatVersion, isAtLeast, parseVersion } from "./version.ts";
import { formatElapsed, withProgress } from "./way.ts";
import type { EngineProgress, EngineWay, WayOptions } from "./way.ts";

const enginePackage = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const versionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
/** Three minutes on two cores; a slow machine with a slow network may take ten times that. */
const buildLimitMs = 30 * 60_000;
const keptReasonLines = 3;

export function goBuild(limitMs: number = buildLimitMs): EngineWay {
  return {
    source: "built",
    name: "a build from Go modules",
    async fetch(folder, options) {
      const go = await findOnPath("go", options.env);
      if (go === null) return "`go` isn't on PATH";
      const tooOld = await whyGoDoesNotDo(go, options.env);
      return tooOld ?? (await build({ go, folder, limitMs }, options));
    },
  };
}

/** Version of Go that the engine's module asks for. */
export async function requiredGoVersion(): Promise<string> {
  const text = await readFile(join(engineModuleFolder, "go.mod"), "utf8");
  return /^go (\S+)$/m.exec(text)?.[1] ?? "1.25";
}

async function whyGoDoesNotDo(go: string, env: Environment): Promise<string | null> {
  const { lines } = await runCommand(go, ["version"], {
    env: goEnvironment(env),
    cwd: "/",
    limitMs: 15_000,
  });
  const found = parseVersion(/\bgo\d+\.\S+/.exec(lines.join(" "))?.[0] ?? "");
  if (found === null) return `\`${go} version\` says: ${lines.at(-1) ?? "nothing"}`;
  const required = await requiredGoVersion();
  if (isAtLeast(found, parseVersion(required) ?? [0, 0, 0])) return null;
  return `${go} is version ${formatVersion(found)}, ${required} or newer is needed`;
}

async function build(
  { go, folder, limitMs }: { go: string; folder: string; limitMs: number },
  { env, progress, signal }: WayOptions,
): Promise<string | null> {
  const scratch = join(folder, "tmp");
  await mkdir(scratch, { recursive: true });
  const result = await withProgress(progress, downloading(0), (report) => {
    const onLine = phaseReporter(report);
    const buildEnv = { ...goEnvironment(env), ...buildSettings, GOTMPDIR: scratch };
    const run = { env: buildEnv, cwd: engineModuleFolder, limitMs, onLine, signal };
    return runCommand(go, buildArguments(join(folder, "bin", "pulumi")), run);
  });
  await rm(scratch, { recursive: true, force: true });
  if (result.code === 0) return null;
  if (result.timedOut) return `it took longer than ${formatElapsed(limitMs)}`;
  if (signal?.aborted === true) return "it was interrupted";
  return result.lines.slice(-keptReasonLines).join("; ") || "`go build` failed without a message";
}

/** The module as it is: no workspace around it, no other Go than the one found, no C compiler. */
const buildSettings = { GOWORK: "off", GOTOOLCHAIN: "local", CGO_ENABLED: "0" };

function buildArguments(output: string): string[] {
  const ldflags = `-s -w -X ${versionVariable}=v${fetchedPulumiVersion}`;
  const reproducible = ["-trimpath", "-mod=readonly", "-buildvcs=false"];
  return ["build", "-v", ...reproducible, "-ldflags", ldflags, "-o", output, enginePackage];
}

type Step = Pick<EngineProgress, "phase" | "detail">;

function downloading(modules: number): Step {
  const detail = modules === 0 ? "looking for modules" : `downloading, ${modules} modules so far`;
  return { phase: "download", detail };
}

/** `go build -v` names each module that it downloads and each package that it compiles. */
function phaseReporter(report: (step: Step) => void): (line: string) => void {
  let modules = 0;
  let packages = 0;
  return (line) => {
    if (line.startsWith("go: downloading ")) modules += 1;
    else if (/^[\w.-]+(\/[\w.~-]+)*$/.test(line)) packages += 1;
    if (packages === 0) report(downloading(modules));
    else report({ phase: "compile", detail: `compiling, ${packages} packages so far` });
  };
}
