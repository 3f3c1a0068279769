/** Two colors behind a router that tell whether they ever answered side by side. */

import { WebSocketServer } from "ws";

import type { RouterSpec } from "../../../infra/platforms/local/router/protocol.ts";
import { routesTo, startHere, startInstance } from "./support.ts";

/** Two colors that note when each request began and ended; `/slow` takes until it is let go. */
export async function startPair(spec: Partial<RouterSpec>) {
  const serving = { blue: 0, green: 0 };
  const seen = { sideBySide: false, blue: 0, green: 0 };
  const letGo: (() => void)[] = [];
  const startOne = (name: "blue" | "green") =>
    startInstance(name, (req, res) => {
      serving[name] += 1;
      seen[name] += 1;
      if (serving.blue > 0 && serving.green > 0) seen.sideBySide = true;
      res.once("close", () => (serving[name] -= 1));
      const answer = () => res.end(name);
      if (req.url === "/slow") letGo.push(answer);
      else setTimeout(answer, 5);
    });
  const [blue, green] = [await startOne("blue"), await startOne("green")];
  const upgrades = { blue: 0 };
  const sockets = new WebSocketServer({ server: blue.server });
  sockets.on("connection", () => (upgrades.blue += 1));
  const attached = { blue: [blue.address], green: [green.address] };
  const { router, port } = await startHere(spec);
  await router.setRoutes({ routes: routesTo("blue", attached) });
  const routesOf = (active: "blue" | "green", generation: number) =>
    routesTo(active, attached, { generation });
  return { router, port, blue, serving, seen, letGo, routesOf, upgrades };
}
