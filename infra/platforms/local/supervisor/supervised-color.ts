/** The instances of one color: as many as ordered, of the release that was ordered. */

import { readFileSync } from "node:fs";

import { writeDurably } from "../../../durable-file.ts";
import { isAlive, startOf } from "../../../process-identity.ts";
import type { ColorFolder } from "./color-folder.ts";
import { instanceLog } from "./color-folder.ts";
import { defaultLogBounds, specSchema } from "./color-spec.ts";
import type { ColorSpec } from "./color-spec.ts";
import { statusSchema } from "./color-status.ts";
import type { ColorStatus } from "./color-status.ts";
import { Instance } from "./instance.ts";
import { InstanceLedger, readLedger } from "./instance-ledger.ts";
import type { LedgerEntry } from "./instance-ledger.ts";
import { rotateWhenLarge } from "./log-files.ts";
import { anyPort, fixedPort } from "./ports.ts";
import { endLeftovers } from "./process-group.ts";
import type { GroupIdentity } from "./process-group.ts";
import { findMarked } from "./process-table.ts";
import { RunningProcess } from "./running-process.ts";
import { waitUntil } from "./waiting.ts";

export class SupervisedColor {
  readonly #folder: ColorFolder;
  readonly #ledger: InstanceLedger;
  readonly #instances = new Map<number, Instance>();
  #spec: ColorSpec;
  #stopping = false;
  #applied: Promise<void> = Promise.resolve();

  private constructor(folder: ColorFolder, spec: ColorSpec) {
    this.#folder = folder;
    this.#ledger = new InstanceLedger(folder.ledger);
    this.#spec = spec;
  }

  /** Takes over what a former supervisor left running, then works towards `spec`. */
  static async open(folder: ColorFolder, spec: ColorSpec): Promise<SupervisedColor> {
    const color = new SupervisedColor(folder, spec);
    for (const entry of color.#ledger.entries) await color.#recover(entry);
    await color.apply(spec);
    const isJudged = () => [...color.#instances.values()].every((instance) => instance.isJudged);
    await waitUntil(isJudged, { withinMs: spec.health.timeoutMs });
    return color;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  get status(): ColorStatus {
    const { color, version, digest, rolloutId, instances: total } = this.#spec;
    const all = [...this.#instances.values()].sort((a, b) => a.index - b.index);
    const instances = all.map((instance) => instance.status);
    const ready = instances.filter(({ index, state }) => index < total && state === "ready").length;
    const crashLoop = all.some((instance) => instance.isWanted && instance.isCrashLoop);
    const release = { color, version, digest, rolloutId };
    return { schema: statusSchema, ...release, instances, ready, total, crashLoop };
  }

  /**
   * Makes `spec` the order: more instances are added, surplus ones end, and all are replaced where
   * the release differs. It is fulfilled once the order is on disk and has begun to be worked on;
   * the status tells how far that is.
   */
  apply(spec: ColorSpec): Promise<void> {
    const next = () => this.#apply(spec);
    this.#applied = this.#applied.then(next, next);
    return this.#applied;
  }

  async #apply(spec: ColorSpec): Promise<void> {
    await writeDurably(this.#folder.spec, `${JSON.stringify(spec, null, 2)}\n`, 0o600);
    if (this.#stopping) throw new Error("the color is being stopped");
    this.#spec = spec;
    for (const instance of this.#instances.values()) {
      if (instance.index < spec.instances) instance.update(spec);
      else instance.retire();
    }
    for (let index = 0; index < spec.instances; index += 1) {
      if (this.#instances.has(index)) continue;
      const port = fixedPort(spec, index) ?? anyPort(this.#usedPorts());
      this.#add({ index, port, release: null, marker: null, process: null }, null);
    }
  }

  /** Ends all instances; false when some still run after `drainMs` and a while. */
  async stop(drainMs = this.#spec.drainMs): Promise<boolean> {
    this.#stopping = true;
    for (const instance of this.#instances.values()) instance.retire(drainMs);
    return await waitUntil(() => this.#instances.size === 0, { withinMs: drainMs + 6000 });
  }

  /** As `stop`, where the color's folder is gone: what happens isn't written down any more. */
  async stopUnrecorded(drainMs?: number): Promise<boolean> {
    this.#ledger.close();
    return await this.stop(drainMs);
  }

  /**
   * For when another supervisor has taken the color: what it has on record is left to it. Of the
   * other instances nobody else knows, so they end; false when some still run after a while.
   */
  async leaveToAnother(): Promise<boolean> {
    this.#ledger.close();
    const known = new Set(readLedger(this.#folder.ledger).map(({ marker }) => marker));
    const entries = this.#ledger.entries.filter(({ marker }) => marker !== null);
    if (entries.some(({ marker }) => known.has(marker))) return true;
    return await this.stop();
  }

  rotateLogs(): void {
    const bounds = this.#spec.logs ?? defaultLogBounds;
    rotateWhenLarge(this.#folder.supervisorLog, bounds);
    for (const index of this.#instances.keys()) {
      rotateWhenLarge(instanceLog(this.#folder, index), bounds);
    }
  }

  async #recover(entry: LedgerEntry): Promise<void> {
    const identity = recoverIdentity(entry);
    if (identity === null || !isAlive(identity)) {
      if (identity !== null) await endLeftovers(identity);
      this.#add(entry, null);
      return;
    }
    const { pid, started, marker } = identity;
    await this.#ledger.record({ ...entry, process: { pid, started } });
    this.#add(entry, RunningProcess.adopt(identity, marker));
  }

  #add(entry: LedgerEntry, adopted: RunningProcess | null): void {
    const usedPorts = () => this.#usedPorts();
    const around = { folder: this.#folder, ledger: this.#ledger, usedPorts };
    const instance = new Instance(around, this.#spec, entry, adopted);
    this.#instances.set(entry.index, instance);
    void instance.run(() => this.#instances.delete(entry.index));
  }

  #usedPorts(): ReadonlySet<number> {
    return new Set([...this.#instances.values()].map((instance) => instance.port));
  }
}

/** The last order on disk; null when there is none. */
export function readSpec(folder: ColorFolder): ColorSpec | null {
  let text: string;
  try {
    text = readFileSync(folder.spec, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const spec = JSON.parse(text) as ColorSpec;
  if ((spec.schema as number) === specSchema) return spec;
  throw new Error(`${folder.spec} has schema ${String(spec.schema)}, known is ${specSchema}`);
}

/** The process of an entry, also when its supervisor died between the start and the record. */
export function recoverIdentity(entry: LedgerEntry): GroupIdentity | null {
  const { marker } = entry;
  if (marker === null) return null;
  if (entry.process !== null) return { ...entry.process, marker };
  const row = findMarked(marker);
  const started = row === null ? null : startOf(row.pid);
  return row === null || started === null ? null : { pid: row.pid, started, marker };
}
