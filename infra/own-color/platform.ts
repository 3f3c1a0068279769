/** Puts the user's own component in front of a platform, which then only routes to what it makes. */

import type { Settings } from "../config.ts";
import { BlueGreenError } from "../errors.ts";
import type { Address, ColorOutputs, TargetReading } from "../model.ts";
import { hasOwnComponent, isColor, perColor, recordSchema } from "../model.ts";
import type { ColorArgs, Cost, LogQuery, Platform, Scope } from "../platform.ts";
import { OwnColor } from "./component.ts";
import { diagnoseOwn } from "./diagnosis.ts";
import { loadComponent } from "./module.ts";
import { freezeOwn, frozenComponent, isOwn } from "./release.ts";

/** The platform with colors of either kind; which one a color is, it says of itself. */
export function withOwnColor(platform: Platform): Platform {
  const flip = platform.flip?.bind(platform);
  const remarks = platform.remarks?.bind(platform);
  const sweep = platform.sweep?.bind(platform);
  const logs = platform.logs?.bind(platform);
  const tidy = platform.tidy?.bind(platform);
  const diagnose = platform.diagnose?.bind(platform);
  const read = (scope: Scope) => platform.read(routed(scope));
  return {
    ...platform,
    read,
    freeze(settings, args) {
      const { file } = settings.color;
      if (file === null) return platform.freeze(settings, args);
      return freezeOwn(file, settings, args.version);
    },
    async prepare({ frozen, ...args }) {
      if (isOwn(frozen)) await loadComponent(await frozenComponent({ ...args, frozen }));
      else await platform.prepare?.({ ...args, frozen });
    },
    color(name, { frozen, ...args }, opts) {
      if (!isOwn(frozen)) return platform.color(name, { ...args, frozen }, opts);
      const making = { ...args, frozen };
      return new OwnColor(name, { ...making, read: (found) => target(read, making, found) }, opts);
    },
    router: (name, { settings, routes }, opts) =>
      platform.router(name, { settings: routing(settings), routes }, opts),
    size: (settings) => (isMade(settings) ? settings.color.size : platform.size(settings)),
    cost: (settings, size) => (isMade(settings) ? ownCost : platform.cost(settings, size)),
    ...(flip && { flip: (scope, routes) => flip(routed(scope), routes) }),
    ...(remarks && { remarks: (settings, reading) => remarks(routing(settings), reading) }),
    ...(sweep && { sweep: (settings, color) => sweep(routing(settings), color) }),
    ...(logs && { logs: (settings, query) => logs(forLogs(settings, query), query) }),
    ...(tidy && {
      tidy: (settings, held) => tidy(routing(settings), async () => asGiven(await held())),
    }),
    ...(diagnose && {
      diagnose: async (scope) => [
        ...(await diagnose(routed(scope))),
        ...(await diagnoseOwn(scope, read)),
      ],
    }),
  };
}

function isMade({ color }: Settings): boolean {
  return color.file !== null;
}

const ownCost: Cost = {
  perHour: null,
  currency: "EUR",
  sentence: "what your own component makes costs twice; bluegreen doesn't know its prices",
};

function routed({ settings, colors }: Scope): Scope {
  return { settings: routing(settings), colors: asGiven(colors) };
}

/** To a platform these are given colors, of which it doesn't know the addresses beforehand. */
function routing(settings: Settings): Settings {
  if (!isMade(settings)) return settings;
  const unknown = { addresses: [], version: null };
  return { ...settings, given: perColor((color) => settings.given[color] ?? unknown) };
}

/** One address may stand before any number of instances. */
function asGiven(colors: Scope["colors"]): Scope["colors"] {
  return perColor((color) => {
    const held = colors[color];
    const isOurs = held === null || !hasOwnComponent(held);
    return isOurs ? held : { ...held, given: true, size: held.addresses.length };
  });
}

/** Health of addresses that no stack tells of yet. */
async function target(
  read: Platform["read"],
  { settings, color, frozen, rolloutId }: ColorArgs,
  addresses: readonly Address[],
): Promise<TargetReading> {
  const { release } = frozen;
  const size = addresses.length;
  const common = { schema: recordSchema, release, addresses, rolloutId, size, given: true };
  const held: ColorOutputs = { ...common, color, spec: null };
  const colors = perColor((each) => (each === color ? held : null));
  return (await read({ settings, colors })).targets[color];
}

/** @throws USAGE for a color, whose logs are wherever its component has them written */
function forLogs(settings: Settings, { source }: LogQuery): Settings {
  const { file } = settings.color;
  if (file === null || !isColor(source) || settings.given[source] !== null) return settings;
  const message = `${source} is made by your own component, ${file}, which keeps its logs`;
  throw new BlueGreenError("USAGE", message, {
    hint: "read them where it has them written; the router's own are `bluegreen logs --router`",
  });
}
