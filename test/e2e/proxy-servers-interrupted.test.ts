/** An installation on a server that hangs: whoever leaves takes it along, and says what it waits for. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { startOf } from "../../infra/process-identity.ts";
import { familyOf } from "../support/kill/processes.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import type { Project } from "../support/project/project.ts";
import { kill } from "../support/project/processes.ts";
import { useProxy } from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { makeServersProject } from "../support/project/servers-project.ts";
import type { ServersProject } from "../support/project/servers-project.ts";
import { eventually } from "../support/project/waiting.ts";
import { describeWith } from "../support/programs.ts";

/** Put before the rest of the script that installs. */
const hangs = (pidFile: string): string =>
  `case "$3" in hang*) echo unpacking; echo $$ > ${pidFile}; exec sleep 300 ;; esac\n`;

describeWith(["nginx", "python3"], "an installation that hangs", () => {
  describeOnEngine("on a server", () => {
    let made: ServersProject;
    let project: Project;
    let pidFile: string;

    beforeAll(async () => {
      made = await makeServersProject();
      ({ project } = made);
      pidFile = join(project.folder, "hang.pid");
      const file = join(project.folder, "install.sh");
      const [first = "", ...rest] = readFileSync(file, "utf8").split("\n");
      writeFileSync(file, [first, hangs(pidFile), ...rest].join("\n"));
      useProxy(project, { colors: made.servers.colors({ removes: false }) });
      expectExit(await project.run(["deploy", "--version", "1"]), 0);
    });

    removeAfterAll(() => made);

    it("is ended by a second Ctrl-C, which the first one tells of", async () => {
      const deploy = project.start(["deploy", "--version", "hang1"]);
      const pid = await eventually("the installation begins", pidIn, 60_000);
      deploy.ctrlC();
      await eventually("the first is noticed", () =>
        /stopping after this step \(provision green with hang1, within [\dms]+\); a second/.test(
          deploy.said(),
        )
          ? true
          : null,
      );
      deploy.ctrlC();
      expectExit(await deploy.done, 130);
      await eventually("the installation has ended", () => (startOf(pid) === null ? true : null));
      const logs = await project.run(["logs", "green"]);
      expect(logs.stdout).toMatch(/install of green hang1 on .* was ended.*\n.*unpacking/);
    });

    it("ends with a driver that is killed", async () => {
      rmSync(pidFile);
      const deploy = project.start(["deploy", "--version", "hang2"]);
      const pid = await eventually("the installation begins", pidIn, 60_000);
      deploy.signal("SIGKILL");
      await deploy.done;
      await eventually("the installation has ended", () => (startOf(pid) === null ? true : null));
    });

    it("ends with its engine, and is begun anew by the driver that goes on", async () => {
      rmSync(pidFile);
      const deploy = project.start(["deploy", "--version", "hang3"]);
      const pid = await eventually("the installation begins", pidIn, 60_000);
      rmSync(pidFile);
      const engines = familyOf(deploy.pid).filter(({ part }) => part === "engine");
      expect(engines).toHaveLength(1);
      for (const engine of engines) kill(engine.pid);
      await eventually("the installation has ended", () => (startOf(pid) === null ? true : null));
      const again = await eventually("another one begins", pidIn, 60_000);
      expect(again).not.toBe(pid);
      expect(deploy.said()).toMatch(/took over the lock of a dead process on dev-green/);
      deploy.signal("SIGHUP");
      await deploy.done;
      await eventually("that one has ended", () => (startOf(again) === null ? true : null));
    });

    it("leaves the way free for another release", async () => {
      expectExit(await project.run(["deploy", "--version", "3"]), 0);
      expect(await project.ask()).toMatchObject({ body: "green 3" });
    });

    function pidIn(): number | null {
      const text = existsSync(pidFile) ? readFileSync(pidFile, "utf8").trim() : "";
      return text === "" ? null : Number(text);
    }
  });
});
