/** A bed on this machine: real processes, the real supervisor and the real router. */

import { createServer } from "node:http";
import type { Server } from "node:http";
import {
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
import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import type { Color, ColorOutputs } from "../../../infra/model.ts";
import { colors, recordSchema } from "../../../infra/model.ts";
import type { RouterOutputs, Routes } from "../../../infra/platform.ts";
import { local } from "../../../infra/platforms/local/index.ts";
import { placeOf } from "../../../infra/platforms/local/place.ts";
import { localHandlers } from "../../../infra/platforms/local/resources.ts";
import { anyPort, freePort } from "../../../infra/platforms/local/supervisor/ports.ts";
import { askColor } from "../../../infra/platforms/local/supervisor/client.ts";
import { appFile, appSource } from "../../support/project/app.ts";
import type { Fault } from "../../support/project/app.ts";
import { endProcesses, processesOf } from "../../support/project/processes.ts";
import { Client } from "../client.ts";
import { Resources } from "../resources.ts";
import type { Asking, Breakage, Filling, PlatformBed, Reply } from "../suite/bed.ts";

const healthPath = "/healthz";

export async function localBed(): Promise<PlatformBed> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "bluegreen-contract-")));
  for (const folder of ["app", "other", "faults", "state"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "app", appFile), appSource);
  cpSync(join(root, "app"), join(root, "other"), { recursive: true });
  writeFileSync(join(root, "other", "more.txt"), "one file more\n");
  const port = await freePort("127.0.0.1", anyPort(new Set()), new Set());
  return new LocalBed(root, port);
}

class LocalBed implements PlatformBed {
  readonly platform = local;
  readonly traits = { inactiveStatus: 503, preview: true, counts: true, ordered: true };
  readonly settings: Settings;
  readonly changes: Readonly<Record<string, Settings>>;
  readonly #root: string;
  readonly #resources = new Resources(localHandlers);
  readonly #client: Client;
  readonly #given: Server[] = [];
  readonly #formerState = process.env["XDG_STATE_HOME"];
  readonly #versions = new Map<Color, string>();

  constructor(root: string, port: number) {
    this.#root = root;
    process.env["XDG_STATE_HOME"] = join(root, "state");
    this.settings = settingsOf(root, port);
    this.#client = new Client(local.url(this.settings));
    this.changes = changesOf(this.settings, root);
    for (const version of ["sick-1", "sick-2"]) this.#fault(version, { crash: true });
  }

  async fill(color: Color, { version, size }: Filling): Promise<ColorOutputs> {
    this.#versions.set(color, version);
    const { settings } = this;
    const frozen = await local.freeze(settings, { version, store: true });
    const args = { color, rolloutId: `fill-${version}`, size: size ?? local.size(settings) };
    const addresses = await this.#resources.up(color, () => {
      return local.color(color, { settings, frozen, ...args }, {}).addresses;
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
      return local.router("router", { settings, routes }, {}).outputs;
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
function settingsOf(root: string, port: number): Settings {
  const command = ["node", appFile, `--of=${root}/{color}`];
  return parseSettings({
    environment: "contract",
    application: "contract",
    health: JSON.stringify({ path: healthPath, timeout: "1s", interval: "100ms" }),
    drain: "200ms",
    local: JSON.stringify({
      command,
      cwd: join(root, "app"),
      env: { FAULTS: join(root, "faults") },
      instances: 1,
      start: "5s",
      port,
    }),
  });
}

function changesOf(settings: Settings, root: string): Readonly<Record<string, Settings>> {
  const change = (more: Partial<Settings["local"]>): Settings => {
    return { ...settings, local: { ...settings.local, ...more } };
  };
  return {
    command: change({ command: [...settings.local.command, "--more"] }),
    environment: change({ env: { ...settings.local.env, MORE: "1" } }),
    files: change({ cwd: join(root, "other") }),
  };
}
