/** The demo's project: a folder with a shop, a state and a port of its own, gone afterwards. */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { formatDuration } from "../../infra/duration.ts";
import type { Color } from "../../infra/model.ts";
import { anyPort, freePort } from "../../infra/platforms/local/supervisor/ports.ts";
import { readSettingsFile } from "../adapters/settings-file.ts";
import { formatExports } from "../engine/environment.ts";
import { checkoutFolder } from "../engine/folders.ts";
import { shellQuote } from "../engine/launcher.ts";
import { linkName, makeLink } from "../init/link.ts";

export type Variables = Readonly<Record<string, string>>;

export interface DemoProject {
  readonly folder: string;
  readonly settingsFile: string;
  /** Public address of the shop, without a path at its end. */
  readonly url: string;
  /** What a shell needs to work on in this project; `env.sh` sets it. */
  readonly variables: Variables;
  /** Environment of the demo's commands: the user's own without what would reach their Pulumi. */
  readonly env: Variables;
}

export const application = "demo";
export const environment = "dev";

/** A rollout is judged by this many requests, and for this long at least: short, yet honest. */
const judgedRequests = 1_200;
const minBakeMs = 3_000;
const bakeIntervalMs = 250;
/** Enough for the first release's bake, which only the driver's own probes reach. */
const probesPerSecond = 120;
const startMs = 3_000;

const host = "127.0.0.1";

/** Of `bluegreen`, and of the Node that `npm install` brought. */
const programFolders = [join(checkoutFolder, "bin"), join(checkoutFolder, "node_modules", ".bin")];

/** @throws PORT_IN_USE, and an Error when the folder can't be written */
export async function makeProject(options: {
  readonly color: boolean;
  /** Of the load. */
  readonly ratePerSecond: number;
}): Promise<DemoProject> {
  const port = await freePort(host, anyPort(new Set()), new Set());
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-demo-")));
  const settingsFile = join(folder, `Pulumi.${environment}.yaml`);
  cpSync(join(checkoutFolder, "examples", "shop"), join(folder, "shop"), { recursive: true });
  makeLink(folder, checkoutFolder);
  writeFileSync(join(folder, "Pulumi.yaml"), pulumiYaml());
  const bakeMs = Math.max(minBakeMs, Math.round((judgedRequests * 1_000) / options.ratePerSecond));
  writeFileSync(settingsFile, settingsYaml({ port, bakeMs, database: join(folder, "shop.db") }));
  const variables = { XDG_STATE_HOME: join(folder, "state"), PULUMI_HOME: join(folder, "pulumi") };
  for (const made of Object.values(variables)) mkdirSync(made, { mode: 0o700 });
  writeFileSync(join(folder, "env.sh"), shellLines(variables));
  return {
    folder,
    settingsFile,
    url: `http://${host}:${port}`,
    variables,
    env: { ...ownVariables(options.color), ...variables },
  };
}

export async function removeProject({ folder }: Pick<DemoProject, "folder">): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

export interface DeclaredTraffic {
  readonly activeColor: Color | "none";
  readonly generation: number | null;
}

/** What the settings file says of the traffic. */
export function declaredTraffic({ settingsFile }: DemoProject): DeclaredTraffic {
  const { config } = parse(readSettingsFile(settingsFile)) as { config: Record<string, unknown> };
  return {
    activeColor: config["bluegreen:activeColor"] as DeclaredTraffic["activeColor"],
    generation: (config["bluegreen:generation"] as number | undefined) ?? null,
  };
}

/** The checkout's own, with the program and its provider behind the link. */
function pulumiYaml(): string {
  return readFileSync(join(checkoutFolder, "Pulumi.yaml"), "utf8")
    .replace(/^main: infra\//m, `main: ${linkName}/infra/`)
    .replace(/^(\s*path: )infra\//m, `$1${linkName}/infra/`);
}

function settingsYaml(own: { port: number; bakeMs: number; database: string }): string {
  return `config:
  bluegreen:environment: ${environment}
  bluegreen:application: ${application}
  bluegreen:activeColor: none
  bluegreen:health:
    path: /healthz
  bluegreen:checks:
    - kind: http
      path: /products
    - kind: version
      path: /version
  bluegreen:probe:
    ratePerSecond: ${probesPerSecond}
  bluegreen:bake:
    duration: ${formatDuration(own.bakeMs)}
    interval: ${formatDuration(bakeIntervalMs)}
  bluegreen:drain: 2s
  bluegreen:local:
    command: ["{node}", "server.ts"]
    cwd: shop
    env:
      DATABASE: ${JSON.stringify(own.database)}
    instances: 2
    start: ${formatDuration(startMs)}
    port: ${own.port}
`;
}

/** The commands' outputs go through the demo, so they see no terminal. */
const quiet = { PULUMI_OPTION_SUPPRESS_PROGRESS: "true" };
const colored = { FORCE_COLOR: "1", PULUMI_OPTION_COLOR: "always" };

/** The user's login, backend, passphrase and environment are none of the demo's business. */
function ownVariables(color: boolean): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && isNeutral(name)) own[name] = value;
  }
  own["PATH"] = searchPath().join(delimiter);
  return { ...own, ...quiet, ...(color ? colored : { NO_COLOR: "1" }) };
}

function isNeutral(name: string): boolean {
  if (name === "BLUEGREEN_ENGINE") return true;
  return !/^(PULUMI_|BLUEGREEN_|FORCE_COLOR$|NO_COLOR$|CI$)/.test(name);
}

function searchPath(): readonly string[] {
  const users = (process.env["PATH"] ?? "").split(delimiter);
  return [...programFolders, ...users.filter((folder) => !programFolders.includes(folder))];
}

function shellLines(variables: Variables): string {
  return `${formatExports(variables)}PATH=${shellQuote(programFolders.join(delimiter))}:$PATH\n`;
}
