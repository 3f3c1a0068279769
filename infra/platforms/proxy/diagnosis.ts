/** What can be wrong with the platform itself: server, adoption, instances, disk. Changes nothing. */

import { colors } from "../../model.ts";
import type { Color } from "../../model.ts";
import type { Diagnosis, Scope } from "../../platform.ts";
import { bringBack } from "../../rules/router-advice.ts";
import { diagnoseColor, diagnoseDisk, guarded } from "../local/diagnosis.ts";
import type { Access } from "./access.ts";
import { accessOf } from "./access.ts";
import { diagnoseAdoption } from "./adoption-check.ts";
import { refusedConfiguration } from "./configuration-check.ts";
import { withHost } from "./hosts/index.ts";
import { lastingOf } from "./lasting.ts";
import { routerPlaceOf } from "./place.ts";
import { readProxy } from "./read.ts";
import { readRouter } from "./reading.ts";
import type { RouterFacts } from "./reading.ts";
import { remediesOf } from "./remedy.ts";
import type { RouterSpec } from "./spec.ts";
import { filesOf } from "./spec.ts";
import { endpointOf } from "./status.ts";

export async function diagnoseProxy(scope: Scope): Promise<readonly Diagnosis[]> {
  const { settings } = scope;
  if (settings.application === null) return [];
  const found = await Promise.all([
    guarded("router", () => diagnoseRouter(scope)),
    ...colors.map((color) => guarded(color, () => diagnoseInstances(scope, color))),
    guarded("disk", () => Promise.resolve(diskOf(scope))),
  ]);
  return found.flat();
}

async function diagnoseRouter(scope: Scope): Promise<readonly Diagnosis[]> {
  const { spec, ssh } = routerPlaceOf(scope.settings);
  return withHost(ssh, async (host) => {
    const access = accessOf(spec, host);
    const facts = await readRouter(access);
    const isExpected = colors.some((color) => scope.colors[color] !== null);
    const adoption = spec.mode === "adopted" ? await diagnoseAdoption(access) : [];
    // A file that only lies ready has weights, too, though nobody serves by them yet.
    const isAwaited = adoption.some(({ level }) => level === "problem");
    if (facts.weights === null || isAwaited) {
      const quiet = spec.mode === "adopted" ? [] : [absent(spec, facts, isExpected)];
      return [...adoption, ...quiet];
    }
    return [
      ...adoption,
      running(access, facts),
      ...(await problems(access, facts)),
      ...lastingOf(spec.cookie, facts).map(noted),
    ];
  });
}

function absent(spec: RouterSpec, facts: RouterFacts, isExpected: boolean): Diagnosis {
  const [why = "it doesn't run"] = facts.problems;
  const [remedy = bringBack] = remediesOf(spec, facts);
  const fix = isExpected ? remedy : null;
  return { level: isExpected ? "problem" : "ok", subject: "router", sentence: why, fix };
}

function noted(sentence: string): Diagnosis {
  return { level: "note", subject: "router", sentence, fix: null };
}

function running({ spec, host }: Access, { generation }: RouterFacts): Diagnosis {
  const where = `${spec.dialect} on ${host.name} at ${endpointOf(spec)}`;
  const sentence = `${where} follows generation ${generation ?? "?"} in ${spec.dir}`;
  return { level: "ok", subject: "router", sentence, fix: null };
}

/** Its own, and whether the configuration would still be accepted: a restart needs that. */
async function problems(access: Access, facts: RouterFacts): Promise<readonly Diagnosis[]> {
  const remedies = remediesOf(access.spec, facts);
  const said = facts.problems.map((sentence, index): Diagnosis => {
    return { level: "problem", subject: "router", sentence, fix: remedies[index] ?? null };
  });
  return [...said, ...(await refusedConfiguration(access))];
}

async function diagnoseInstances(scope: Scope, color: Color): Promise<readonly Diagnosis[]> {
  const outputs = scope.colors[color];
  if (scope.settings.proxy.colors.kind === "process") return diagnoseColor(scope, color);
  if (!outputs || outputs.given) return [];
  const { ready, total, problems: sick, reachable } = (await readProxy(scope)).targets[color];
  const sentence = `${ready} of ${total} servers are ready`;
  if (!reachable) {
    const unknown = `its servers can't be reached from here: ${outputs.addresses.join(", ")}`;
    return [{ level: "note", subject: color, sentence: unknown, fix: null }];
  }
  if (ready === total) return [{ level: "ok", subject: color, sentence, fix: null }];
  const fix = "look at them, or install the release again: `bluegreen up`";
  return [{ level: "problem", subject: color, sentence: `${sentence}: ${sick.join("; ")}`, fix }];
}

function diskOf({ settings }: Scope): readonly Diagnosis[] {
  const { spec, ssh } = routerPlaceOf(settings);
  return ssh === null ? diagnoseDisk(filesOf(spec).config) : [];
}
