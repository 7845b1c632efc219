/** Resolves once `isMet`, looking again with each turn of the event loop. */
export async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
