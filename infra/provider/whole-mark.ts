/** A rollback's mark as it was before the engine dropped its nulls on their way to a provider. */

import type { DirectMark, Pin } from "../model.ts";

export function wholeMark(mark: Partial<DirectMark> | null | undefined): DirectMark | null {
  if (!mark) return null;
  const pin: Partial<Pin> | null | undefined = mark.pin;
  return { ...mark, pin: pin ? { ...pin, until: pin.until ?? null } : null } as DirectMark;
}
