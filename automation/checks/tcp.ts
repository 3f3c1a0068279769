/** The check `tcp`: every instance takes a connection, and answers on it as expected. */

import type { CheckOf } from "../../infra/config.ts";
import { formatDuration } from "../../infra/duration.ts";
import type { Verdict } from "../../infra/model.ts";
import { isElsewhere } from "../../infra/probe.ts";
import { targetOf } from "../../infra/probe/target.ts";
import type { Target } from "../../infra/probe/target.ts";
import { inTurns } from "../../infra/probe/turns.ts";
import type { CheckKindOf } from "./check.ts";
import { talk } from "./dialogue.ts";
import type { DialogueResult } from "./dialogue.ts";
import { quoted } from "../report/safe-text.ts";
import { maxAtOnce, summaryOf } from "./way.ts";
import type { WayFinding } from "./way.ts";

type TcpCheck = CheckOf<"tcp">;

export const tcpCheck: CheckKindOf<"tcp"> = {
  kind: "tcp",
  describe: ({ port, expect }) => {
    const where = port === null ? "each instance" : `port ${port} of each instance's host`;
    return `${where} takes a connection${expect === null ? "" : " and answers as expected"}`;
  },
  plan: ({ retries, deadlineMs }) => ({ retries, deadlineMs }),
  run: async (check, { addresses, color, signal }) => {
    const findings = await inTurns(addresses, maxAtOnce, async (address) => {
      const target = targetOf({ address });
      return target === null
        ? found("error", `${quoted(address)} is no address`)
        : tryInstance(check, target, signal);
    });
    return summaryOf(findings, `${color} ${check.name}`);
  },
};

async function tryInstance(
  check: TcpCheck,
  { host, port: own, loopback }: Target,
  signal: AbortSignal,
): Promise<WayFinding> {
  const { send, expect, timeoutMs } = check;
  const port = check.port ?? own;
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const said = { send: send ?? "", expect: expect ?? "" };
  const result = await talk({ host, port, ...said, timeoutMs, signal });
  if (result.kind === "talked") {
    const sentence = `${where} ${talkedAs(check, result)}`;
    return found(result.asExpected ? "pass" : "fail", sentence, result.heard);
  }
  const elsewhere = isElsewhere(result, { loopback });
  const reason = result.kind === "timeout" ? `no connection within ${result.ms} ms` : result.reason;
  const sentence = `${where} can't be talked to: ${reason}`;
  return { ...found(elsewhere ? "inconclusive" : "fail", sentence), elsewhere };
}

type Talked = Extract<DialogueResult, { kind: "talked" }>;

function talkedAs({ expect, timeoutMs }: TcpCheck, { heard, asExpected, ended }: Talked): string {
  if (asExpected) return expect === null ? "took the connection" : `answered ${quoted(heard)}`;
  const what = heard === "" ? "answered nothing" : `answered ${quoted(heard)}`;
  const end = { enough: "", closed: " and closed", timeout: ` in ${formatDuration(timeoutMs)}` };
  return `took the connection but ${what}${end[ended]}, ${quoted(expect ?? "")} expected`;
}

function found(verdict: Verdict, sentence: string, heard = ""): WayFinding {
  const evidence = heard === "" ? "" : quoted(heard);
  return { verdict, sentence, evidence, preview: false, elsewhere: false, remark: "" };
}
