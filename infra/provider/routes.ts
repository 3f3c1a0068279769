/** Routes on their way between the engine and a router: nulls are dropped there, here they return. */

import type { DirectMark, Pin, RouterReading } from "../model.ts";
import { weightsOf } from "../model.ts";
import type { Routes } from "../platform.ts";

/** As a resource has them among its inputs. */
export interface RoutesInputs extends Omit<Routes, "former"> {
  /** The engine drops nulls on their way: absent is null. */
  readonly former?: Routes["former"];
}

/** As a router has them; the generation, the rollout and the weights are null where it can't tell. */
type RoutesFound = Pick<RouterReading, keyof Routes>;

/** What a router is to be set to, and nothing else of the inputs. */
export function routesIn(inputs: RoutesInputs): Routes {
  const { weights, attached, generation, rolloutId, mark, former = null } = inputs;
  return { weights, attached, generation, rolloutId, mark: wholeMark(mark), former };
}

/** No traffic and nothing attached, for a router that nobody is to use any more. */
export function noRoutes(last: Pick<Routes, "generation" | "rolloutId">): Routes {
  const { generation, rolloutId } = last;
  const attached = { blue: [], green: [] };
  return { weights: weightsOf(null), attached, generation, rolloutId, mark: null, former: null };
}

/** What really is set, to be compared with the inputs. */
export function routesFound(router: RoutesFound): RoutesFound {
  const { weights, attached, generation, rolloutId, mark, former } = router;
  return { weights, attached, generation, rolloutId, mark, former };
}

function wholeMark(mark: Partial<DirectMark> | null | undefined): DirectMark | null {
  if (!mark) return null;
  const pin: Partial<Pin> | null | undefined = mark.pin;
  return { ...mark, pin: pin ? { ...pin, until: pin.until ?? null } : null } as DirectMark;
}
