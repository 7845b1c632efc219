/** Loaded into a gateway's process before its own code: tells its parent about its memory. */
const SAMPLE_MS = 10;

export interface Memory {
  /** Objects and buffers that are in use, after a garbage collection. */
  readonly usedOctets: number;
  readonly rssOctets: number;
  /** Highest resident memory since the last question. */
  readonly peakRssOctets: number;
}

let peakRssOctets = 0;

function sample(): void {
  peakRssOctets = Math.max(peakRssOctets, process.memoryUsage.rss());
}

setInterval(sample, SAMPLE_MS).unref();

/** Several times, as some buffers are only let go of between two collections. */
async function collectGarbage(): Promise<void> {
  for (let time = 0; time < 3; time++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
}

process.on('message', async () => {
  sample();
  await collectGarbage();
  const { heapUsed, external, rss: rssOctets } = process.memoryUsage();
  const memory: Memory = { usedOctets: heapUsed + external, rssOctets, peakRssOctets };
  peakRssOctets = 0;
  process.send?.(memory);
});
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
