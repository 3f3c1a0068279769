/** Reads JSON that a stranger sent: what it isn't, or doesn't have, is undefined. */

export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @param place a field's name, or a JSON pointer such as "/app/version" */
export function jsonAt(value: unknown, place: string): unknown {
  const keys = place.startsWith("/") ? place.slice(1).split("/").map(unescaped) : [place];
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}

/** RFC 6901, section 4. */
function unescaped(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
