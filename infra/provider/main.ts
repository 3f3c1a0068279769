/** The provider executable: dispatches the engine's calls to the handler of the resource's type. */

import "../deferred-modules.ts";
import { main } from "@pulumi/pulumi/provider/index.js";
import type { Provider } from "@pulumi/pulumi/provider/index.js";
import { BlueGreenError, formatError } from "../errors.ts";
import { localHandlers } from "../platforms/local/resources.ts";
import { proxyHandlers } from "../platforms/proxy/resources/index.ts";
import { endWithEngine, engineAddress } from "./engine-watch.ts";
import type { Properties, ResourceHandler } from "./handler.ts";
import { HalfMade, sameValue, unwrapSecrets } from "./handler.ts";
import { providerVersion, recordType, sealType } from "./record-type.ts";

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

function handlerOf(urn: string): ResourceHandler {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  const handler = handlers[type];
  if (!handler) throw new Error(`unknown resource type ${type}`);
  return handler;
}

function plain(value: unknown): Properties {
  return unwrapSecrets(value) as Properties;
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

const provider: Provider = {
  version: providerVersion,
  check: (_urn, _olds, news: unknown) => Promise.resolve({ inputs: news }),
  diff: (_id, _urn, olds: unknown, news: unknown) => {
    const former = plain(olds);
    const changed = Object.entries(plain(news)).filter(
      ([key, value]) => !sameValue(former[key], value),
    );
    return Promise.resolve({ changes: changed.length > 0 });
  },
  create: async (urn, inputs: Properties) => {
    try {
      const { id, outputs } = await translated(() => handlerOf(urn).create(plain(inputs)));
      return { id, outs: { ...inputs, ...outputs } };
    } catch (error) {
      if (!(error instanceof HalfMade)) throw error;
      throw halfMade(error, inputs);
    }
  },
  update: async (_id, urn, olds: Properties, news: Properties) => {
    try {
      const outputs = await translated(() => handlerOf(urn).update(plain(news), plain(olds)));
      return { outs: { ...news, ...outputs } };
    } catch (error) {
      if (!(error instanceof HalfMade)) throw error;
      throw halfMade(error, news);
    }
  },
  delete: (_id, urn, state: unknown) => translated(() => handlerOf(urn).delete(plain(state))),
  read: async (id, urn, state: Properties) => {
    const found = await translated(() => handlerOf(urn).read(plain(state)));
    return found ? { id, props: { ...state, ...found } } : { id: "", props: {} };
  },
};

/** The form in which the provider server turns an error into a failed initialisation. */
function halfMade(error: HalfMade, properties: Properties): Error {
  const cause = error.cause instanceof BlueGreenError ? formatError(error.cause) : error.message;
  return Object.assign(new Error(cause), { id: error.id, properties, reasons: [cause] });
}

const given = process.argv.slice(2);
endWithEngine(engineAddress(given));
await main(provider, given);
