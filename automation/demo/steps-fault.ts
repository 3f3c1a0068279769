/** The demo's faults: a release that never gets healthy, and one that breaks after the switch. */

import { brokenVersion } from "./result.ts";
import type { Step } from "./step.ts";

const neverHealthy: Step = {
  name: "broken release 3",
  title: "A release that never gets healthy",
  say:
    "Release 3 answers its health check with 503. No user ever meets it: the active color is " +
    "left as it is, and the exit code, 3, says so.",
  answeredBy: ["2"],
  run: async (stage) => {
    await stage.bluegreen("deploy --version 3-never-healthy", { exitCode: 3 });
  },
};

const breaksAfterSwitch: Step = {
  name: "broken release 4",
  title: "A release that breaks after the switch",
  say:
    "Release 4 passes every check, then fails a third of the requests once it has real traffic. " +
    "The driver sees it, returns traffic by itself and pins the release; exit code 4.",
  moves: true,
  answeredBy: ["2", brokenVersion],
  broken: brokenVersion,
  run: async (stage) => {
    const command = `deploy --version ${brokenVersion}`;
    await stage.bluegreen(command, { exitCode: 4, says: /ROLLED_BACK/ });
    stage.screen.say("The same release again is refused before anything is started:");
    await stage.bluegreen(command, { exitCode: 3, says: /RELEASE_PINNED/ });
    await stage.watchOn();
  },
};

export const faultySteps: readonly Step[] = [neverHealthy, breaksAfterSwitch];
