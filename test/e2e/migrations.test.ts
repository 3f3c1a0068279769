/** Renaming a column over two releases on a real PostgreSQL, as examples/postgres tells, under load. */

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkoutFolder } from "../../automation/engine/folders.ts";
import { describeWithPostgres, startPostgres } from "../support/postgres.ts";
import type { Postgres } from "../support/postgres.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

const example = join(checkoutFolder, "examples", "postgres");

describeWithPostgres("a column that is renamed over two releases", () => {
  describeOnEngine("on the local platform", () => {
    let postgres: Postgres;
    let project: Project;

    beforeAll(async () => {
      postgres = await startPostgres();
      postgres.sql("-f", join(example, "db", "1-schema.sql"));
      project = await makeProject({
        settings: {
          checks: "[{ kind: version, path: /version }]",
          probe: "{ path: /, count: 3, ratePerSecond: 50, timeout: 2s }",
          rollbackWindow: "1h",
          migrations: JSON.stringify(works(1, 2)),
        },
      });
      cpSync(example, join(project.folder, "app"), { recursive: true });
      const runs = project
        .settings()
        .replace(
          /command: .*/,
          `command: ["{node}", "server.ts", "{port}", "--of=${project.root}"]`,
        )
        .replace(/env: \{ FAULTS.*/, `env: ${JSON.stringify(postgres.env)}`);
      writeFileSync(project.settingsFile, runs);
    });

    afterAll(async () => {
      // Guarded: when beforeAll failed there may be nothing to remove.
      if ((project as Project | undefined) !== undefined) await project.remove();
      if ((postgres as Postgres | undefined) !== undefined) await postgres.remove();
    });

    /** What release 2's settings say. */
    function release2() {
      const argv = ["app/migrate.sh", "{to}"];
      return {
        ...works(1, 4),
        expand: { to: 2, argv, sql: ["app/db/2-expand.sql"], env: postgres.env, timeout: "1m" },
        contract: { to: 3, argv, env: postgres.env, timeout: "1m" },
      };
    }

    const migrations = (said: object) => {
      const line = `bluegreen:migrations: ${JSON.stringify(said)}`;
      const text = project.settings().replace(/bluegreen:migrations: .*/, () => line);
      writeFileSync(project.settingsFile, text);
    };
    const columns = () =>
      postgres.sql(
        "-c",
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute" +
          " WHERE attrelid = 'customers'::regclass AND attnum > 0 AND NOT attisdropped",
      );

    it("expands before the release is started, and goes back and forth, at no request's cost", async () => {
      expectExit(await project.run(["deploy", "--version", "1"]), 0);
      expectExit(await project.run(["migrate", "record", "1"]), 0);
      migrations(release2());
      const { count } = await underSteadyLoad({ url: project.url, ratePerSecond: 30 }, async () => {
        const deployed = await project.run(["deploy", "--version", "2"]);
        expectExit(deployed, 0);
        expect(deployed.stderr).toMatch(/pass {2}expand to schema 2: "app\/migrate.sh 2" ended/);
        expect(columns()).toBe("id name full_name");
        expectExit(await project.run(["rollback"]), 0);
        expect((await project.ask()).body).toBe("Ada of 1\n");
        expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
      });
      expect([count.failures, count.sent > 50]).toEqual([[], true]);
      expect([...count.bodies.keys()].sort()).toEqual(["Ada of 1\n", "Ada of 2\n"]);
      expect((await project.record()).database).toMatchObject({
        schema: 2,
        pending: null,
        steps: [
          { kind: "recorded", to: 1, release: null },
          { kind: "expand", to: 2, release: { version: "2" } },
        ],
      });
    });

    it("refuses contract inside the window, and says when it is due", async () => {
      const early = await project.run(["migrate", "contract"]);
      expectError(early, {
        exit: 3,
        code: "WINDOW_OPEN",
        says: /blue is kept with 1 until .+retire --now/s,
      });
      const { stdout } = await project.run(["status"]);
      expect(stdout).toMatch(/database +schema 2 .*works with schemas 1 to 4/);
      expect(stdout).toMatch(/contract to schema 3 is due: not yet/);
      expect(columns()).toBe("id name full_name");
    });

    it("refuses the way back to a release that the schema is wrong for, whichever way", async () => {
      expectExit(await project.run(["migrate", "record", "3"]), 0);
      const says = /blue holds 1, which works with schemas 1 to 2, the database is at 3/;
      for (const back of [["rollback"], ["rollback", "--direct"], ["switch", "blue"]]) {
        expectError(await project.run(back), { exit: 3, code: "SCHEMA_UNFIT", says });
      }
      const { generation } = await project.record();
      project.edit({ activeColor: "blue", generation });
      const byHand = await project.pulumi([...pulumiUp, "--stack", project.stack]);
      expect([byHand.code === 0, byHand.output]).toEqual([false, expect.stringMatching(says)]);
      project.edit({ activeColor: "green", generation });
      expect((await project.ask()).body).toBe("Ada of 2\n");
      expectExit(await project.run(["migrate", "record", "2"]), 0);
    });

    it("contracts at the end of the retirement, at no request's cost", async () => {
      const { count } = await underSteadyLoad({ url: project.url, ratePerSecond: 30 }, async () => {
        const retired = await project.run(["retire", "--now"]);
        expectExit(retired, 0);
        expect(retired.stderr).toMatch(/pass {2}contract to schema 3: /);
      });
      expect([count.failures, [...count.bodies.keys()]]).toEqual([[], ["Ada of 2\n"]]);
      expect(columns()).toBe("id full_name");
      expect((await project.record()).database).toMatchObject({ schema: 3, pending: null });
      const again = await project.run(["migrate", "contract"]);
      expectExit(again, 0);
      expect(again.stderr).toMatch(/the database is at schema 3/);
    });

    it("refuses to deploy what the schema is wrong for, before anything runs", async () => {
      migrations(works(1, 2));
      const refused = await project.run(["deploy", "--version", "1"]);
      const says = /release 1 works with schemas 1 to 2, the database is at 3/;
      expectError(refused, { exit: 3, code: "SCHEMA_UNFIT", says });
      expect(await project.record()).toMatchObject({ activeColor: "green", claim: null });
    });

    it("refuses an expand that the release which serves doesn't work with", async () => {
      migrations({
        ...works(3, 5),
        expand: { to: 5, argv: ["app/migrate.sh", "{to}"], timeout: "1m" },
      });
      const refused = await project.run(["deploy", "--version", "3"]);
      const says = /green serves 2, which works with schemas 1 to 4: expand to schema 5/;
      expectError(refused, { exit: 3, code: "MIGRATION_REFUSED", says });
    });

    it("gives up a rollout whose expand fails, and shows what it printed", async () => {
      const argv = ["sh", "-c", "echo adding; echo no such role >&2; exit 3"];
      migrations({ ...works(3, 4), expand: { to: 4, argv, timeout: "1m" } });
      const failed = await project.run(["deploy", "--version", "3"]);
      expectError(failed, { exit: 3, code: "MIGRATION_FAILED", says: /\| no such role/ });
      expect(await project.record()).toMatchObject({
        rollout: null,
        database: { schema: 3, pending: { kind: "expand", to: 4 } },
      });
      expect((await project.ask()).body).toBe("Ada of 2\n");
    });

    it("is run again by the same command when it was killed before that was recorded", async () => {
      const log = join(project.root, "runs");
      const argv = ["sh", "-c", `echo "$BLUEGREEN_STEP $1" >> ${log}`, "step", "{to}"];
      migrations({ ...works(3, 4), expand: { to: 4, argv, timeout: "1m" } });
      const killed = await project.run(["deploy", "--version", "3"], {
        env: { BLUEGREEN_FAULT: "kill at before EndMigration" },
      });
      expect(killed.code, killed.output).not.toBe(0);
      expect((await project.record()).database).toMatchObject({ schema: 3, pending: { to: 4 } });
      expectExit(await project.run(["deploy", "--version", "3"]), 0);
      expect((await project.ask()).body).toBe("Ada of 3\n");
      expect(readFileSync(log, "utf8")).toBe("expand 4\nexpand 4\n");
      expect((await project.record()).database).toMatchObject({ schema: 4, pending: null });
    });
  });
});

function works(from: number, to: number) {
  return { works: { from, to } };
}
