import { askOperations, type OperationsPort, parseObject } from './operations-client.ts';

/** Why each check of a gateway fails, by its name; none if it is ready. Null if no gateway answers. */
export type Failing = Readonly<Record<string, string>> | null;

/** Asks a gateway on this machine what it still lacks. */
export async function askReadiness(at: OperationsPort): Promise<Failing> {
  const answer = await askOperations(at, '/readyz');
  const { ready, failing } = parseObject(answer?.text ?? '');
  if (typeof ready !== 'boolean') {
    return null;
  }
  if (ready) {
    return {};
  }
  const reasons = Object.entries(typeof failing === 'object' && failing ? failing : {});
  return reasons.length === 0
    ? { service: 'it is stopping' }
    : Object.fromEntries(reasons.map(([name, reason]) => [name, String(reason)]));
}
