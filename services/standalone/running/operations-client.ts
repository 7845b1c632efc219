import { reachableHost, urlHost } from '../reach/url-host.ts';

/** Where a gateway's operations port is. */
export interface OperationsPort {
  readonly host: string;
  readonly port: number;
}

interface OperationsAnswer {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 4_000;
/** Metrics have some 100 KB. */
const MAX_ANSWER_OCTETS = 4_194_304;

/**
 * Asks the operations port of a running gateway.
 *
 * @returns null if none answers there
 */
export async function askOperations(
  { host, port }: OperationsPort,
  path: string,
): Promise<OperationsAnswer | null> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`http://${urlHost(reachableHost(host))}:${port}${path}`, {
      signal,
    });
    return { status: response.status, text: await readText(response) };
  } catch {
    return null;
  }
}

/**
 * Which service answers on the operations port, such as `standalone`.
 *
 * @returns null if none does, or something else
 */
export async function runningService(at: OperationsPort): Promise<string | null> {
  const answer = await askOperations(at, '/version');
  const said = answer ? parseObject(answer.text) : {};
  return typeof said.service === 'string' ? said.service : null;
}

/** @returns an empty object if it is none */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  for await (const chunk of body ?? []) {
    octets += chunk.length;
    if (octets > MAX_ANSWER_OCTETS) {
      throw new Error('the answer is too long');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
