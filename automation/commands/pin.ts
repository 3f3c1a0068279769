/** `bluegreen pin` and `unpin`: a release that must not become active, and lifting that. */

import { BlueGreenError } from "../../infra/errors.ts";
import { parseDuration } from "../../infra/duration.ts";
import { colors } from "../../infra/model.ts";
import type { Release } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { runCommand } from "../command.ts";
import type { Session } from "../session.ts";
import type { Command } from "./command.ts";
import { releaseOf } from "./options.ts";

export const pin: Command = {
  usage: "pin <release>",
  describe: "forbid a release to become active",
  examples: [
    ["bluegreen pin 2 --reason 'corrupts carts'", "until somebody unpins it"],
    ["bluegreen pin 2 --for 24h", "for a day"],
  ],
  options: (parser) =>
    parser
      .positional("release", { type: "string", describe: "version or digest" })
      .option("reason", { type: "string", default: "pinned by a person", describe: "why" })
      .option("for", { type: "string", describe: "how long, such as 24h; default: for good" }),
  run: (argv) =>
    runCommand("pin", argv, async (context) => {
      const { refuseMissing, updateOnce } = await import("../operations/single-update.ts");
      const named = releaseOf(argv, "pin");
      const until = untilOf(argv["for"] as string | undefined);
      await updateOnce(context, async (session, view) => {
        refuseMissing(view);
        const { version, digest } = await releaseFor(session, view, named);
        return {
          request: {
            kind: "Pin",
            version,
            digest,
            reason: String(argv["reason"]),
            by: await personName(),
            until,
          },
          sentence: `release ${version} is pinned${until ? ` until ${until}` : ""}`,
        };
      });
    }),
};

export const unpin: Command = {
  usage: "unpin <release>",
  describe: "allow a pinned release again",
  examples: [["bluegreen unpin 2", "by version or digest; `bluegreen status` lists pins"]],
  options: (parser) =>
    parser.positional("release", { type: "string", describe: "version or digest" }),
  run: (argv) =>
    runCommand("unpin", argv, async (context) => {
      const { refuseMissing, updateOnce } = await import("../operations/single-update.ts");
      const { isPinOf } = await import("../../infra/rules/record.ts");
      const release = releaseOf(argv, "unpin");
      await updateOnce(context, (_session, view) => {
        refuseMissing(view);
        const { pins } = view.record;
        if (pins.some((each) => isPinOf(each, release))) {
          const sentence = `release ${release} isn't pinned any more`;
          return { request: { kind: "Unpin", release }, sentence };
        }
        const others = pins.map((each) => each.version).join(", ") || "nothing";
        return { request: null, sentence: `release ${release} isn't pinned; ${others} is` };
      });
    }),
};

function untilOf(duration: string | undefined): string | null {
  if (duration === undefined) return null;
  const ms = parseDuration(duration);
  if (ms !== null) return new Date(Date.now() + ms).toISOString();
  throw new BlueGreenError("USAGE", `--for ${duration} isn't a duration`, {
    hint: "write a number with its unit: 30m, 24h",
  });
}

const digestForm = /^sha256:[0-9a-f]{64}$/;

/** A color that holds it knows its digest; otherwise it is what the settings make of the version. */
async function releaseFor(session: Session, view: Observed, named: string): Promise<Release> {
  const { digestOf } = await import("../release.ts");
  const held = colors
    .flatMap((color) => view.colors[color]?.release ?? [])
    .find(({ version, digest }) => version === named || digest === named);
  if (held) return held;
  if (digestForm.test(named)) return { version: named, digest: named };
  const digest = await digestOf(session, named);
  if (digest !== null) return { version: named, digest };
  throw new BlueGreenError("USAGE", `the digest of release ${named} can't be known yet`, {
    hint: "make the environment first: `bluegreen up`",
  });
}

async function personName(): Promise<string> {
  const { thisOwner } = await import("../owner.ts");
  const { personOf } = await import("../../infra/rules/owner.ts");
  return personOf(thisOwner());
}
