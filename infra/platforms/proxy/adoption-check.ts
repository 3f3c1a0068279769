/** Looks whether an existing server has what it needs to hand its requests over. */

import { weightsOf } from "../../model.ts";
import type { Diagnosis } from "../../platform.ts";
import type { Access } from "./access.ts";
import { adoptionSteps, releaseFirst } from "./adoption.ts";
import { refusedConfiguration } from "./configuration-check.ts";
import { NoAnswer } from "./host.ts";
import { filesOf } from "./spec.ts";
import { weightsIn } from "./state.ts";
import { askStatus } from "./status.ts";

const lookMs = 10_000;

/** What there is to do, step by step, until the server follows our file. */
export async function diagnoseAdoption(access: Access): Promise<readonly Diagnosis[]> {
  const { spec, host } = access;
  const { config } = filesOf(spec);
  const subject = "adoption";
  const answers = (await askStatus(host, spec)).kind === "answered";
  if (answers) {
    const sentence = `your ${spec.dialect} includes ${config} and hands its requests over`;
    return [{ level: "ok", subject, sentence, fix: null }];
  }
  const written = (await host.read(config)) !== null;
  const missing = written
    ? [...(await lackingInclude(access)), ...(await isSocketThere(access))]
    : [`${config} isn't written yet: \`bluegreen up\` does that, and changes nothing else`];
  return [
    {
      level: "problem",
      subject,
      sentence: `your ${spec.dialect} doesn't hand its requests over yet${missing.length > 0 ? `: ${missing.join("; ")}` : ""}`,
      fix: "do the steps that are noted here; until then your own configuration serves as before",
    },
    // Whatever is wrong there keeps the steps from having any effect.
    ...(written ? await refusedConfiguration(access) : []),
    ...(await stepsNow(access)).map((step, index): Diagnosis => {
      return { level: "note", subject, sentence: `step ${index + 1}: ${step}`, fix: null };
    }),
  ];
}

async function stepsNow({ spec, host, dialect }: Access): Promise<readonly string[]> {
  const { blue, green } = weightsIn((await dialect.pointer(host, spec)) ?? "") ?? weightsOf(null);
  return blue + green > 0 ? adoptionSteps(spec) : [releaseFirst, ...adoptionSteps(spec)];
}

/** That the server's configuration doesn't lead to our file; nothing where it can't be told. */
export async function lackingInclude(access: Access): Promise<readonly string[]> {
  const { spec, host } = access;
  const { config } = filesOf(spec);
  const argv = lookArgv(access);
  if (argv === null) return [];
  const { code, stdout } = await host.run(argv, { deadlineMs: lookMs });
  const sign = spec.dialect === "nginx" ? `# configuration file ${config}:` : config;
  if (code !== 0 || stdout.includes(sign)) return [];
  return [
    spec.dialect === "nginx"
      ? `its configuration doesn't include ${config}`
      : `no haproxy runs with -f ${config}`,
  ];
}

/** nginx tells its whole configuration; a HAProxy's files are on its command line. */
function lookArgv({ spec }: Access): readonly string[] | null {
  if (spec.dialect === "haproxy") return ["ps", "-e", "-ww", "-o", "args="];
  const check = spec.check ?? [spec.program, "-t", "-q"];
  const at = check.indexOf("-t");
  return at === -1 ? null : check.with(at, "-T");
}

async function isSocketThere({ spec, host }: Access): Promise<readonly string[]> {
  if (spec.dialect === "nginx") return [];
  const { socket } = filesOf(spec);
  try {
    await host.ask(socket, "show info\n", lookMs);
    return [];
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return [`its runtime socket ${socket} doesn't answer`];
  }
}
