/** The project's own resources: dispatches the engine's calls to the handler of the resource's type. */

import { BlueGreenError, formatError } from "../errors.ts";
import { localHandlers } from "../platforms/local/resources.ts";
import { proxyHandlers } from "../platforms/proxy/resources/index.ts";
import type { Note, Properties, ResourceHandler } from "./handler.ts";
import { HalfMade, sameValue, unwrapSecrets } from "./handler.ts";
import { recordType, sealType } from "./record-type.ts";

/** A resource as the engine is to remember it. */
export interface Made {
  readonly id: string;
  readonly properties: Properties;
}

/** What was half made enters the engine's state, with the reason. */
export class HalfMadeResource extends Error {
  readonly made: Made;

  constructor(made: Made, { cause, message }: HalfMade) {
    super(cause instanceof BlueGreenError ? formatError(cause) : message, { cause });
    this.made = made;
  }
}

const storedOnly: ResourceHandler = {
  create: () => Promise.resolve({ id: "record", outputs: {} }),
  update: () => Promise.resolve({}),
  delete: () => Promise.resolve(),
  read: (state) => Promise.resolve(state),
};

const handlers: Readonly<Record<string, ResourceHandler>> = {
  [recordType]: storedOnly,
  [sealType]: storedOnly,
  ...localHandlers,
  ...proxyHandlers,
};

/** True where an update is needed. */
export function differs(former: Properties, wanted: Properties): boolean {
  const before = plain(former);
  return Object.entries(plain(wanted)).some(([key, value]) => !sameValue(before[key], value));
}

/** @throws HalfMadeResource, Error with the text of a BlueGreenError */
export async function create(urn: string, inputs: Properties): Promise<Made> {
  try {
    const { id, outputs } = await translated(() => handlerOf(urn).create(plain(inputs)));
    return { id, properties: { ...inputs, ...outputs } };
  } catch (error) {
    throw error instanceof HalfMade ? kept(error, inputs) : error;
  }
}

/** @throws what `create` throws */
export async function update(
  urn: string,
  { former, wanted }: { readonly former: Properties; readonly wanted: Properties },
): Promise<Properties> {
  try {
    const outputs = await translated(() => handlerOf(urn).update(plain(wanted), plain(former)));
    return { ...wanted, ...outputs };
  } catch (error) {
    throw error instanceof HalfMade ? kept(error, wanted) : error;
  }
}

export function remove(urn: string, state: Properties, note: Note): Promise<void> {
  return translated(() => handlerOf(urn).delete(plain(state), note));
}

/** Null when the resource is gone. */
export async function read(urn: string, state: Properties): Promise<Properties | null> {
  const found = await translated(() => handlerOf(urn).read(plain(state)));
  return found && { ...state, ...found };
}

function handlerOf(urn: string): ResourceHandler {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  const handler = handlers[type];
  if (!handler) throw new Error(`unknown resource type ${type}`);
  return handler;
}

function plain(value: Properties): Properties {
  return unwrapSecrets(value) as Properties;
}

function kept(error: HalfMade, properties: Properties): HalfMadeResource {
  return new HalfMadeResource({ id: error.id, properties }, error);
}

/** Our errors cross the engine as text: the code first, so that the driver finds it again. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BlueGreenError) throw new Error(formatError(error), { cause: error });
    throw error;
  }
}
