/** Loaded into a gateway's process before its own code: reports its memory to its parent. */

const PAUSE_MS = 10;

export interface Memory {
  /** Objects and buffers in use after garbage collection. */
  readonly usedOctets: number;
}

/** Collects several times, as some buffers are only released between two collections. */
async function collectGarbage(): Promise<void> {
  for (let time = 0; time < 3; time++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

process.on('message', async () => {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  const memory: Memory = { usedOctets: heapUsed + external };
  process.send?.(memory);
});
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
