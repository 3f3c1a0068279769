/** A color of the user's own component as Pulumi resources: all that it makes, and a seal on it. */

import * as pulumi from "@pulumi/pulumi";
import { BlueGreenError, formatError, messageOf } from "../errors.ts";
import type { Address, TargetReading } from "../model.ts";
import type { OwnAddresses, OwnColorArgs } from "../own-color.ts";
import type { ColorArgs, ColorResource } from "../platform.ts";
import { providerVersion, sealType } from "../provider/record-type.ts";
import { awaitHealthy, judgeAddresses } from "./addresses.ts";
import { loadComponent } from "./module.ts";
import type { OwnFrozen } from "./release.ts";
import { frozenComponent } from "./release.ts";

export interface Making extends ColorArgs {
  readonly frozen: OwnFrozen;
  /** Asks whether the addresses are healthy. */
  readonly read: (addresses: readonly Address[]) => Promise<TargetReading>;
}

interface Made {
  readonly file: string;
  readonly addresses: OwnAddresses;
}

export class OwnColor extends pulumi.ComponentResource<Made> implements ColorResource {
  readonly addresses: pulumi.Output<readonly Address[]>;
  readonly #making: Making;

  constructor(name: string, making: Making, opts: pulumi.ComponentResourceOptions) {
    // What goes to the component may be secret, and arguments of ours would be in the state.
    super("bluegreen-core:own:OwnColor", name, {}, opts);
    this.#making = making;
    guardStrays(opts);
    // An address that was made of a secret is none itself: the router has to know it.
    const made = pulumi.unsecret(pulumi.output(this.getData()));
    this.addresses = made.apply(({ file, addresses }) =>
      refusing(() => settled(making, file, addresses)),
    );
    new Seal(`${name}-seal`, { color: making.color }, { dependsOn: [this] });
  }

  protected override async initialize(): Promise<Made> {
    // The base class calls this before the constructor above has gone on.
    await Promise.resolve();
    const making = this.#making;
    return refusing(async () => {
      const component = await frozenComponent({ ...making, serves: false });
      const make = await loadComponent(component);
      const { file } = component;
      try {
        return { file, addresses: await make(argumentsOf(making), { parent: this }) };
      } catch (error) {
        throw thrown(file, error);
      }
    });
  }
}

/** The last resource of the stack: it goes first, so that a veto comes before anything is gone. */
class Seal extends pulumi.CustomResource {
  constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    super(sealType, name, args, { ...opts, version: providerVersion });
  }
}

/** What a component makes without its parent is guarded as well. */
function guardStrays({ transformations = [] }: pulumi.ComponentResourceOptions): void {
  for (const each of transformations) pulumi.runtime.registerStackTransformation(each);
}

/** Pulumi prints any other error with its stack, and without the hint. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    throw new pulumi.RunError(formatError(error));
  }
}

function argumentsOf({ settings, color, frozen, size, rolloutId }: Making): OwnColorArgs {
  const { environment, application } = settings;
  const secrets = Object.entries(frozen.spec.secrets).map(
    ([name, value]) => [name, pulumi.secret(value)] as const,
  );
  return {
    environment,
    application,
    color,
    name: `${environment}-${color}`,
    version: frozen.release.version,
    size,
    rolloutId,
    with: frozen.spec.with,
    secrets: Object.fromEntries(secrets),
  };
}

/** @throws PROVISION_FAILED */
async function settled(making: Making, file: string, value: unknown): Promise<readonly Address[]> {
  const { settings, read } = making;
  const addresses = judgeAddresses(value, file);
  if (pulumi.runtime.isDryRun()) return addresses;
  const { startMs } = settings.color;
  const { intervalMs } = settings.health;
  await awaitHealthy({ file, startMs, intervalMs, read: () => read(addresses) });
  return addresses;
}

const here = new URL(".", import.meta.url).href;
const stackLines = 3;

/** Without the mark by which an edited file is told from the one that is loaded. */
function placeIn(line: string): string {
  const text = line.trim();
  return text.startsWith("at ") ? text.replace(/\?component=\w+/, "") : "";
}

function thrown(file: string, error: unknown): BlueGreenError {
  const [first = "", ...others] = messageOf(error).split("\n");
  const stack = (error instanceof Error ? (error.stack ?? "") : "").split("\n");
  const places = stack.map(placeIn).filter((place) => place !== "" && !place.includes(here));
  return new BlueGreenError("PROVISION_FAILED", `the color component ${file} threw: ${first}`, {
    details: [...others.filter((line) => line.trim() !== ""), ...places.slice(0, stackLines)],
    hint: "correct it; `bluegreen preview` tells what it would make",
    cause: error,
  });
}
