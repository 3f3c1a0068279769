/** A write that comes too late is refused, whatever is left of what was written before it. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { call, describeDialects, routesTo, startColors, startedRouter } from "./support.ts";

describeDialects("a lower generation than the one that serves", (dialect) => {
  async function onHigh() {
    const { router, spec, port } = await startedRouter(dialect);
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const routes = routesTo("blue", attached, { generation: 90_000 });
    await router.setRoutes(routes);
    const status = await call(port, { headers: { host: "shop.bluegreen.invalid" } });
    const file = `${filesOf(spec).states}/${status.text.trim().split(" ")[2] ?? ""}.json`;
    return { router, port, attached, file, routes };
  }

  test("is refused where the state is a newer bluegreen's, and nobody guesses at it", async () => {
    const { router, port, attached, file } = await onHigh();
    writeFileSync(file, readFileSync(file, "utf8").replace('"schema": 1', '"schema": 2'));
    for (const generation of [5, 100_000]) {
      const routes = routesTo("green", attached, { generation });
      await expect(router.setRoutes(routes)).rejects.toMatchObject({ code: "RECORD_NEWER" });
      await expect(router.flip(routes)).rejects.toMatchObject({ code: "RECORD_NEWER" });
    }
    expect((await call(port)).text).toBe("blue");
  });

  test("is refused where the state's file is broken or lost, and a higher one mends it", async () => {
    const { router, port, attached, file } = await onHigh();
    const broken = (): void => {
      writeFileSync(file, "{");
    };
    const lost = (): void => {
      rmSync(file);
    };
    // Without the file nginx follows nothing: then no traffic hangs on it.
    for (const spoil of dialect === "nginx" ? [broken] : [broken, lost]) {
      spoil();
      const late = routesTo("green", attached, { generation: 5 });
      await expect(router.setRoutes(late)).rejects.toMatchObject({ code: "DRIFT" });
      await expect(router.flip({ ...late, replaces: 4 })).rejects.toMatchObject({ code: "DRIFT" });
      const reading = await router.read();
      expect(reading).toMatchObject({ generation: 90_000, weights: { blue: 100 } });
      expect(reading.problems).toHaveLength(1);
      expect((await call(port)).text).toBe("blue");
    }
    await router.setRoutes(routesTo("green", attached, { generation: 90_001 }));
    expect((await call(port)).text).toBe("green");
    expect((await router.read()).problems).toEqual([]);
  });

  test("isn't the same routes again, which mend their broken file", async () => {
    const { router, routes, file } = await onHigh();
    writeFileSync(file, "{");
    await router.setRoutes(routes);
    expect((await router.read()).problems).toEqual([]);
  });
});
