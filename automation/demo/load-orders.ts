/** Judges single answers, and what the service says of the orders that it acknowledged. Pure. */

/** A full answer. */
export interface Answer {
  readonly status: number;
  readonly color: string | null;
  readonly version: string | null;
  readonly body: string;
}

/** What the service says of some orders. */
export interface KeyCheck {
  readonly once: number;
  /** Orders whose request reached the service more than once. */
  readonly repeated: readonly string[];
  readonly missing: readonly string[];
}

/** Whether every acknowledged order exists exactly once. */
export interface OrderCheck extends KeyCheck {
  readonly acknowledged: number;
  /** Why the service couldn't be asked for all of them; null when it could. */
  readonly problem: string | null;
}

/** Why a full answer is a failure, null when it is none. With a key it has to be that order. */
export function faultOf({ status, body }: Answer, key?: string): string | null {
  if (status >= 400) return `status ${status}`;
  if (key === undefined) return null;
  const order = objectOf(body);
  const matches = order["key"] === key && typeof order["id"] === "number";
  return matches ? null : "the answer doesn't match the order";
}

/** Throws when the service couldn't say. */
export function checkOf({ status, body }: Answer): KeyCheck {
  if (status !== 200) throw new Error(`the orders couldn't be checked: status ${status}`);
  return { once: 0, repeated: [], missing: [], ...(objectOf(body) as Partial<KeyCheck>) };
}

/** Empty where the text isn't a JSON object. */
function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    return { error };
  }
}

export function emptyCheck(acknowledged: number): OrderCheck {
  return { acknowledged, once: 0, repeated: [], missing: [], problem: null };
}

export function addCheck(check: OrderCheck, part: KeyCheck): OrderCheck {
  return {
    ...check,
    once: check.once + part.once,
    repeated: [...check.repeated, ...part.repeated],
    missing: [...check.missing, ...part.missing],
  };
}
