/**
 * A user's project in a temporary folder outside the checkout: settings, a tiny application, state
 * and home of its own; the real `bin/bluegreen` and the real Pulumi CLI, as a person runs them.
 */

import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { editSettings } from "../../../automation/adapters/settings-file.ts";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { makeLink } from "../../../automation/init/link.ts";
import type { Color, RouterRecord } from "../../../infra/model.ts";
import { parseRecord } from "../../../infra/rules/record.ts";
import type { Place } from "../../../infra/platforms/local/place.ts";
import { placeOf } from "../../../infra/platforms/local/place.ts";
import { askRouter } from "../../../infra/platforms/local/router/client.ts";
import type { RouterStatus } from "../../../infra/platforms/local/router/client.ts";
import { askColor } from "../../../infra/platforms/local/supervisor/client.ts";
import type { ColorStatus } from "../../../infra/platforms/local/supervisor/client.ts";
import { anyPort, freePort } from "../../../infra/platforms/local/supervisor/ports.ts";
import { appFile, appSource } from "./app.ts";
import type { Fault } from "./app.ts";
import type { Run, Running } from "./command.ts";
import { start } from "./command.ts";
import { neededEngine } from "./engine.ts";
import { projectYaml, settingsYaml } from "./files.ts";
import { endProcesses, processesOf } from "./processes.ts";
import type { FoundProcess } from "./processes.ts";

export interface ProjectOptions {
  /** Name of the environment; default `dev`. */
  readonly stack?: string;
  /** Settings that differ from `defaultSettings`, as the text of further `config:` lines. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Environment variables of every command; undefined removes one. */
  readonly env?: Variables;
  /** Instances of a color; default 1. */
  readonly instances?: number;
}

export type Variables = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  readonly env?: Variables;
  readonly limitMs?: number;
}

export interface Answer {
  readonly status: number;
  /** As the router names it; null where no color answered. */
  readonly color: string | null;
  readonly body: string;
}

export interface Project {
  /** Everything of this project is in here; the name is unique on this machine. */
  readonly root: string;
  /** With Pulumi.yaml. */
  readonly folder: string;
  readonly settingsFile: string;
  readonly stack: string;
  readonly port: number;
  /** Public address, without a path. */
  readonly url: string;
  /** Environment of every command. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders of the router and the colors. */
  readonly place: Place;
  /** The real `bin/bluegreen`. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** The same, not waited for. */
  start(args: readonly string[], options?: RunOptions): Running;
  /** A plain `pulumi` in a shell after `eval "$(bluegreen env)"`; see `pulumiUp` for its flags. */
  pulumi(args: readonly string[], options?: RunOptions): Promise<Run>;
  startPulumi(args: readonly string[], options?: RunOptions): Promise<Running>;
  settings(): string;
  /** Changes single settings by their key without `bluegreen:`, as an editor would. */
  edit(changes: Readonly<Record<string, string | number>>): void;
  /** The record, as the router's stack tells it. */
  record(): Promise<RouterRecord>;
  router(): Promise<RouterStatus | null>;
  color(color: Color): Promise<ColorStatus | null>;
  /** GET through the router. */
  ask(path?: string): Promise<Answer>;
  /** Makes a version misbehave, also while it runs; null mends it. */
  fault(version: string, fault: Fault | null): void;
  /** Whatever runs for this project now. */
  processes(): readonly FoundProcess[];
  /** Ends everything by id. */
  end(): Promise<void>;
  /** Ends everything and removes the folder; after it nothing of the project is left. */
  remove(): Promise<void>;
}

/** Flags of a hand-run update that asks nothing. */
export const pulumiUp = ["up", "--yes", "--skip-preview", "--non-interactive", "--color", "never"];

export async function makeProject(options: ProjectOptions = {}): Promise<Project> {
  const { stack = "dev", settings = {}, instances = 1 } = options;
  const { pulumi } = neededEngine();
  const root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-test-")));
  const folder = join(root, "project");
  const faults = join(root, "faults");
  for (const made of ["project/app", "faults", "home", "state"]) {
    mkdirSync(join(root, made), { recursive: true });
  }
  const port = await freePort("127.0.0.1", anyPort(new Set()), new Set());
  const settingsFile = join(folder, `Pulumi.${stack}.yaml`);
  makeLink(folder, checkoutFolder);
  writeFileSync(join(folder, "Pulumi.yaml"), projectYaml());
  writeFileSync(join(folder, "app", appFile), appSource);
  writeFileSync(settingsFile, settingsYaml({ root, stack, port, faults, settings, instances }));
  const env = variables(root, { BLUEGREEN_ENGINE: pulumi, ...options.env });
  const place = placeOf({ application: "test", environment: stack }, env);
  return new TemporaryProject({ root, folder, settingsFile, stack, port, env, place, faults });
}

type Parts = Pick<
  Project,
  "root" | "folder" | "settingsFile" | "stack" | "port" | "env" | "place"
> & { readonly faults: string };

class TemporaryProject implements Project {
  readonly root: string;
  readonly folder: string;
  readonly settingsFile: string;
  readonly stack: string;
  readonly port: number;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly place: Place;
  private readonly faults: string;
  private readonly started: Running[] = [];
  private shell: Promise<Record<string, string>> | null = null;

  constructor(parts: Parts) {
    this.root = parts.root;
    this.folder = parts.folder;
    this.settingsFile = parts.settingsFile;
    this.stack = parts.stack;
    this.port = parts.port;
    this.url = `http://127.0.0.1:${parts.port}`;
    this.env = parts.env;
    this.place = parts.place;
    this.faults = parts.faults;
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return this.start(args, options).done;
  }

  start(args: readonly string[], { env = {}, limitMs }: RunOptions = {}): Running {
    return this.launch(join(checkoutFolder, "bin", "bluegreen"), args, {
      env: { ...this.env, BLUEGREEN_STACK: this.stack, ...env },
      ...(limitMs === undefined ? {} : { limitMs }),
    });
  }

  async pulumi(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return (await this.startPulumi(args, options)).done;
  }

  async startPulumi(args: readonly string[], options: RunOptions = {}): Promise<Running> {
    this.shell ??= this.exports();
    const env = { ...this.env, ...(await this.shell), ...options.env };
    return this.launch("pulumi", args, { ...options, env });
  }

  settings(): string {
    return readFileSync(this.settingsFile, "utf8");
  }

  edit(changes: Readonly<Record<string, string | number>>): void {
    writeFileSync(this.settingsFile, editSettings(this.settings(), changes, this.settingsFile));
  }

  async record(): Promise<RouterRecord> {
    const args = ["stack", "output", "--json", "--show-secrets", "--stack", this.stack];
    const { code, stdout, output } = await this.pulumi(args);
    if (code !== 0) throw new Error(`the record can't be read: ${output}`);
    return parseRecord(JSON.parse(stdout) as Record<string, unknown>);
  }

  router(): Promise<RouterStatus | null> {
    return askRouter(this.place.router);
  }

  color(color: Color): Promise<ColorStatus | null> {
    return askColor(this.place.color[color]);
  }

  async ask(path = "/"): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(5_000) });
    const color = response.headers.get("x-bluegreen-color");
    return { status: response.status, color, body: await response.text() };
  }

  fault(version: string, fault: Fault | null): void {
    const file = join(this.faults, version);
    if (fault === null) rmSync(file, { force: true });
    else writeFileSync(file, JSON.stringify(fault));
  }

  processes(): readonly FoundProcess[] {
    return processesOf(this.root);
  }

  /** The driver may start something while it is being ended, so its own go first. */
  async end(): Promise<void> {
    await endProcesses(this.started.map(({ pid }) => pid));
    for (let round = 0; round < 5; round += 1) {
      const left = this.processes().map(({ pid }) => pid);
      if (left.length === 0) break;
      await endProcesses(left);
    }
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  private launch(
    file: string,
    args: readonly string[],
    options: { readonly env: Variables; readonly limitMs?: number },
  ): Running {
    const running = start({ file, args, cwd: this.folder, ...options });
    this.started.push(running);
    const forget = (): void => {
      this.started.splice(this.started.indexOf(running), 1);
    };
    running.done.then(forget, forget);
    return running;
  }

  private async exports(): Promise<Record<string, string>> {
    const { code, stdout, output } = await this.run(["env", "--json"]);
    if (code !== 0) throw new Error(`bluegreen env failed: ${output}`);
    return JSON.parse(stdout) as Record<string, string>;
  }
}

/** Nothing of the user's Pulumi or shell; their cache of compiled code, which saves a third. */
function variables(root: string, more: Variables): Readonly<Record<string, string>> {
  const { PATH = "", XDG_CACHE_HOME, TMPDIR } = process.env;
  const cache = XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const users = PATH.split(delimiter);
  const bin = join(checkoutFolder, "node_modules", ".bin");
  const all: Variables = {
    PATH: [bin, ...users.filter((each) => each !== bin)].join(delimiter),
    HOME: join(root, "home"),
    XDG_STATE_HOME: join(root, "state"),
    XDG_CACHE_HOME: join(root, "cache"),
    NODE_COMPILE_CACHE: join(cache, "bluegreen", "node"),
    NO_COLOR: "1",
    TMPDIR,
    ...more,
  };
  const set = Object.entries(all).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(set);
}

/** Folder of the Pulumi state that the driver chose by itself. */
export function backendFolder(project: Pick<Project, "place">): string {
  return join(dirname(dirname(dirname(project.place.router))), "pulumi-state");
}
