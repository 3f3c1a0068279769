/** What beds on this machine have in common: real processes and the real supervisor. */

import { createServer } from "node:http";
import type { Server } from "node:http";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../../../infra/config.ts";
import type { Color, ColorOutputs } from "../../../infra/model.ts";
import { colors, recordSchema } from "../../../infra/model.ts";
import type { Platform, RouterOutputs, Routes } from "../../../infra/platform.ts";
import { placeOf } from "../../../infra/platforms/local/place.ts";
import { localHandlers } from "../../../infra/platforms/local/resources.ts";
import { askColor } from "../../../infra/platforms/local/supervisor/client.ts";
import { proxyHandlers } from "../../../infra/platforms/proxy/resources/index.ts";
import { appFile, appSource } from "../../support/project/app.ts";
import type { Fault } from "../../support/project/app.ts";
import { endProcesses, processesOf } from "../../support/project/processes.ts";
import { Client } from "../client.ts";
import { Resources } from "../resources.ts";
import type { Asking, Breakage, Filling, PlatformBed, Reply, Traits } from "../suite/bed.ts";

export interface ProcessBedParts {
  readonly platform: Platform;
  readonly traits: Traits;
  /** In a folder that was made by `makeRoot`. */
  readonly root: string;
  readonly settings: Settings;
  readonly changes: Readonly<Record<string, Settings>>;
}

/** A folder with the application, another one with a file more, and places for state and faults. */
export function makeRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-contract-")));
  // Workers of a router may have another account.
  chmodSync(root, 0o755);
  for (const folder of ["app", "other", "faults", "state"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "app", appFile), appSource);
  cpSync(join(root, "app"), join(root, "other"), { recursive: true });
  writeFileSync(join(root, "other", "more.txt"), "one file more\n");
  return root;
}

export class ProcessBed implements PlatformBed {
  readonly platform: Platform;
  readonly traits: Traits;
  readonly settings: Settings;
  readonly changes: Readonly<Record<string, Settings>>;
  readonly #root: string;
  readonly #resources = new Resources({ ...localHandlers, ...proxyHandlers });
  readonly #client: Client;
  readonly #given: Server[] = [];
  readonly #formerState = process.env["XDG_STATE_HOME"];
  readonly #versions = new Map<Color, string>();

  constructor({ platform, traits, root, settings, changes }: ProcessBedParts) {
    this.platform = platform;
    this.traits = traits;
    this.#root = root;
    this.settings = settings;
    this.changes = changes;
    process.env["XDG_STATE_HOME"] = join(root, "state");
    this.#client = new Client(platform.url(settings));
    for (const version of ["sick-1", "sick-2"]) this.#fault(version, { crash: true });
  }

  async fill(color: Color, { version, size }: Filling): Promise<ColorOutputs> {
    this.#versions.set(color, version);
    const { settings } = this;
    const frozen = await this.platform.freeze(settings, { version, store: true });
    const args = {
      color,
      rolloutId: `fill-${version}`,
      size: size ?? this.platform.size(settings),
    };
    const addresses = await this.#resources.up(color, () => {
      return this.platform.color(color, { settings, frozen, ...args }, {}).addresses;
    });
    const { release, spec } = frozen;
    return { schema: recordSchema, given: false, release, spec, addresses, ...args };
  }

  empty(color: Color): Promise<void> {
    return this.#resources.destroy(color);
  }

  route(routes: Routes): Promise<RouterOutputs> {
    const { settings } = this;
    return this.#resources.up("router", () => {
      return this.platform.router("router", { settings, routes }, {}).outputs;
    });
  }

  removeRouter(): Promise<void> {
    return this.#resources.destroy("router");
  }

  ask(asking: Asking = {}): Promise<Reply> {
    return this.#client.ask(asking);
  }

  askInstance(address: string): Promise<Reply | null> {
    return new Client(`http://${address}`).ask({}).catch(() => null);
  }

  async breakColor(color: Color, how: Breakage): Promise<void> {
    const version = this.#versions.get(color) ?? "";
    if (how === "unhealthy") {
      this.#fault(version, { health: 503 });
      return;
    }
    this.#fault(version, { crash: true });
    const status = await askColor(placeOf(this.settings).color[color]);
    await endProcesses(status?.instances.flatMap(({ pid }) => (pid === null ? [] : [pid])) ?? []);
  }

  async give(version: string): Promise<string> {
    const server = createServer((request, response) => {
      request.resume();
      response.end(`given ${version}`);
    });
    this.#given.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  traces(): Promise<readonly string[]> {
    const files = readdirSync(join(this.#root, "state"), { recursive: true, encoding: "utf8" });
    return Promise.resolve([...files.sort(), ...this.#processes(this.#root)]);
  }

  leftovers(color: Color): Promise<readonly string[]> {
    const supervisor = placeOf(this.settings).color[color];
    const instance = `--of=${this.#root}/${color}`;
    return Promise.resolve([...this.#processes(supervisor), ...this.#processes(instance)]);
  }

  async dispose(): Promise<void> {
    this.#client.close();
    for (const server of this.#given) server.close().closeAllConnections();
    try {
      for (const color of colors) await this.empty(color);
      await this.removeRouter();
    } finally {
      await endProcesses(processesOf(this.#root).map(({ pid }) => pid));
      rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 });
      if (this.#formerState === undefined) delete process.env["XDG_STATE_HOME"];
      else process.env["XDG_STATE_HOME"] = this.#formerState;
    }
  }

  #processes(sign: string): readonly string[] {
    return processesOf(this.#root)
      .filter(({ command }) => command.includes(sign))
      .map(({ command }) => command);
  }

  #fault(version: string, fault: Fault): void {
    writeFileSync(join(this.#root, "faults", version), JSON.stringify(fault));
  }
}

/** Short in everything; `{color}` in the command lets the processes of a color be told. */
export function commonSettings(root: string) {
  return {
    raw: {
      environment: "contract",
      application: "contract",
      health: JSON.stringify({ path: "/healthz", timeout: "1s", interval: "100ms" }),
      drain: "200ms",
    },
    processes: {
      command: ["node", appFile, `--of=${root}/{color}`],
      cwd: join(root, "app"),
      env: { FAULTS: join(root, "faults") },
      instances: 1,
      start: "5s",
    },
  };
}
