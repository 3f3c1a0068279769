/** A word for whoever waits longer than expected. */

/** Tells once, if the work isn't done after so many milliseconds; its outcome is the work's own. */
export async function tellIfSlow<T>(
  work: Promise<T>,
  afterMs: number,
  tell: () => void,
): Promise<T> {
  const timer = setTimeout(tell, afterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
