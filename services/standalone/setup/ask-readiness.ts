import type { Environment } from '#runtime/configuration/variable.ts';
import { operationsVariables } from '#runtime/operations-server.ts';
import { urlHost } from '../reach/url-host.ts';
import type { Failing } from './await-ready.ts';
import { configuredValue } from './configured-value.ts';

const ASKING_TIMEOUT_MS = 5_000;

/** Asks `/readyz` of the gateway on this machine. */
export async function askReadiness(configured: Environment): Promise<Failing> {
  const port = configuredValue(operationsVariables.port, configured);
  const host = configuredValue(operationsVariables.host, configured);
  const at = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : urlHost(host);
  try {
    const response = await fetch(`http://${at}:${port}/readyz`, {
      signal: AbortSignal.timeout(ASKING_TIMEOUT_MS),
    });
    const answer: unknown = await response.json();
    return failingIn(answer);
  } catch {
    return null;
  }
}

/** @returns null if it is no answer of a gateway */
function failingIn(answer: unknown): Failing {
  if (typeof answer !== 'object' || answer === null || !('ready' in answer)) {
    return null;
  }
  if (answer.ready === true) {
    return {};
  }
  const failing = 'failing' in answer && typeof answer.failing === 'object' ? answer.failing : {};
  const reasons = Object.entries(failing ?? {}).map(([name, reason]) => [name, String(reason)]);
  return reasons.length === 0 ? { service: 'it is stopping' } : Object.fromEntries(reasons);
}
