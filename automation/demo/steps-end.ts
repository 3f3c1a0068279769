/** The demo's end: the idle color goes, the orders are counted, and nothing is left. */

import { cleanUp } from "./cleanup.ts";
import { brokenVersion, endProblems } from "./result.ts";
import type { Stage } from "./stage.ts";
import { Unexpected } from "./stage.ts";
import type { Step } from "./step.ts";
import { count } from "./table.ts";

export function lastSteps({ keep }: { readonly keep: boolean }): readonly Step[] {
  return [retire, orders, ...(keep ? [] : [remove])];
}

const retire: Step = {
  name: "retire",
  title: "The idle color goes",
  say:
    "Normally the former color is kept until its rollback window is over; --now gives that up. " +
    "Its open requests end first, then Pulumi empties its stack.",
  answeredBy: ["2"],
  run: async (stage) => {
    await stage.bluegreen("retire --now", { exitCode: 0 });
  },
};

const orders: Step = {
  name: "orders",
  title: "Every order exactly once",
  say:
    "The load ends. Each order that was acknowledged is looked up in the shop's database, " +
    "which both colors shared: none may be missing, none may have arrived twice.",
  run: async (stage) => {
    const final = await stage.stopLoad();
    const problems = endProblems(final, brokenVersion);
    if (problems.length > 0) throw new Unexpected("each order once", problems.join("; "));
    const { screen } = stage;
    const sentence = `${count(final.orders?.once ?? 0)} orders, each there exactly once`;
    screen.fact(screen.paint.green("ok"), sentence);
  },
};

const remove: Step = {
  name: "clean-up",
  title: "Nothing is left",
  say: "The application is taken off line on purpose, then everything goes, this folder as well.",
  run: async (stage: Stage) => {
    await stage.bluegreen("down --stop-serving --yes", { exitCode: 0 });
    await cleanUp(stage);
  },
};
