/** What a piece of work cost per unit of it, in milliseconds. */
export interface Cost {
  /** CPU time of the whole process, all threads. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** Collects garbage, where `--expose-gc` allows it, so that nobody pays for what was before. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/**
 * Runs `work` on each input, several rounds of all inputs, and takes the best
 * round: what disturbs a machine only ever adds.
 */
export async function costPerInput<Input>(
  inputs: readonly Input[],
  work: (input: Input) => unknown,
  { rounds = 3 }: { rounds?: number } = {},
): Promise<Cost> {
  let best: Cost = { cpuMs: Number.POSITIVE_INFINITY, wallMs: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round++) {
    collectGarbage();
    const cost = await costOf(async () => {
      for (const input of inputs) {
        await work(input);
      }
    });
    if (cost.cpuMs < best.cpuMs * inputs.length) {
      best = { cpuMs: cost.cpuMs / inputs.length, wallMs: cost.wallMs / inputs.length };
    }
  }
  return best;
}

export async function costOf(work: () => unknown): Promise<Cost> {
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMs: (user + system) / 1_000, wallMs };
}
