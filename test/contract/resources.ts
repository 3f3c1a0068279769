/**
 * Runs a platform's components without an engine: Pulumi's runtime registers with a monitor in this
 * process, and behind it are the real provider's handlers, so that everything real happens.
 */

import * as pulumi from "@pulumi/pulumi";
import type { Properties, ResourceHandler } from "../../infra/provider/handler.ts";
import { HalfMade, sameValue, unwrapSecrets } from "../../infra/provider/handler.ts";

type Handlers = Readonly<Record<string, ResourceHandler>>;

interface Kept {
  readonly type: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly state: Properties;
}

interface Registration {
  readonly type: string;
  readonly name: string;
  readonly inputs: Properties;
  readonly custom?: boolean;
}

/** The resources of several stacks, as an engine would keep them in its state. */
export class Resources {
  readonly #handlers: Handlers;
  readonly #stacks = new Map<string, Map<string, Kept>>();

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
  }

  /** Creates, updates or leaves what the program declares, and returns what its output holds. */
  async up<T>(stack: string, program: () => pulumi.Output<T>): Promise<T> {
    const kept = this.#stacks.get(stack) ?? new Map<string, Kept>();
    this.#stacks.set(stack, kept);
    const { promise: failed, reject } = Promise.withResolvers<never>();
    const newResource = async (asked: Registration) => {
      try {
        return await this.#register(kept, asked);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        // The runtime would turn a failure into rejections that nobody can catch.
        return await new Promise<never>(() => undefined);
      }
    };
    const call = () => Promise.reject(new Error("a platform's components ask for nothing"));
    // Whatever a failed run left waiting is forgotten.
    pulumi.runtime.resetOptions("contract", stack, -1, "", "", false, "");
    await pulumi.runtime.setMocks({ newResource, call }, "contract", stack, false);
    return Promise.race([completed(program), failed]);
  }

  /** Deletes what the stack holds, the last made first. */
  async destroy(stack: string): Promise<void> {
    const kept = this.#stacks.get(stack) ?? new Map<string, Kept>();
    for (const [name, { type, state }] of [...kept].reverse()) {
      await this.#handlerOf(type).delete(state);
      kept.delete(name);
    }
  }

  async #register(kept: Map<string, Kept>, { type, name, inputs, custom }: Registration) {
    if (custom !== true) return { id: "", state: inputs };
    const wanted = withoutNulls(unwrapSecrets(inputs) as Properties);
    const former = kept.get(name);
    if (former && sameValue(former.inputs, wanted)) return former;
    try {
      const { id, outputs } = await this.#apply(type, wanted, former);
      const made = { type, id, inputs: wanted, state: { ...wanted, ...outputs } };
      kept.set(name, made);
      return made;
    } catch (error) {
      if (!(error instanceof HalfMade)) throw error;
      // Without inputs, so that the next update tries again whatever it wants.
      kept.set(name, { type, id: error.id, inputs: {}, state: wanted });
      throw error.cause;
    }
  }

  async #apply(type: string, wanted: Properties, former: Kept | undefined) {
    const handler = this.#handlerOf(type);
    if (!former) return handler.create(wanted);
    return { id: former.id, outputs: await handler.update(wanted, former.state) };
  }

  #handlerOf(type: string): ResourceHandler {
    const handler = this.#handlers[type];
    if (!handler) throw new Error(`no handler for ${type}`);
    return handler;
  }
}

/** The output's value, once everything that the program started has ended. */
async function completed<T>(program: () => pulumi.Output<T>): Promise<T> {
  const value = await new Promise<unknown>((resolve) => program().apply(resolve));
  await pulumi.runtime.disconnect(false);
  return value as T;
}

/** The engine drops nulls on their way to a provider. */
function withoutNulls(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, value]) => {
      return value === null || value === undefined ? [] : [[key, withoutInnerNulls(value)]];
    }),
  );
}

function withoutInnerNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInnerNulls);
  return typeof value === "object" ? withoutNulls(value as Properties) : value;
}
