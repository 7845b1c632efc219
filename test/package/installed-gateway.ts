import assert from 'node:assert/strict';
import { freePort } from '#test/backing/free-ports.ts';
import { until } from '#test/runtime/until.ts';
import type { DebianRoot, Started } from './debian-root.ts';

/** Each look is a request. */
const LOOK_EVERY_MS = 25;

const PORTS = ['POWEB_PORT', 'POHTTP_PORT', 'COGRPC_PORT', 'OPERATIONS_PORT'] as const;

export type Ports = Readonly<Record<(typeof PORTS)[number], number>>;

/** Writes what a gateway needs to run, as its operator would, with ports that are free. */
export async function configure(root: DebianRoot): Promise<Ports> {
  const ports = Object.fromEntries(
    await Promise.all(PORTS.map(async (name) => [name, await freePort()])),
  );
  const lines = Object.entries(ports).map(([name, port]) => `${name}=${port}`);
  const text = ['INTERNET_ADDRESS=gateway.example.org', ...lines].join('\\n');
  await root.sh(`printf '${text}\\n' >>/etc/awala-gateway/gateway.env`);
  return ports;
}

/** Starts a line of the shell that runs the gateway, and waits until it serves. */
export async function serving(root: DebianRoot, ports: Ports, line = SERVE): Promise<Started> {
  const gateway = root.start('sh', '-c', line);
  let hasEnded = false;
  void gateway.exited.then(() => {
    hasEnded = true;
  });
  await until(async () => {
    assert.ok(!hasEnded, gateway.output);
    const url = `http://127.0.0.1:${ports.OPERATIONS_PORT}/servez`;
    return (await fetch(url).catch(() => null))?.ok ?? false;
  }, LOOK_EVERY_MS);
  return gateway;
}

const SERVE = 'exec awala-gateway serve';

/** Pings it with its own command; fails unless it relays parcels. */
export async function ping(root: DebianRoot, ports: Ports): Promise<void> {
  const at = (name: keyof Ports) => `127.0.0.1:${ports[name]}`;
  const { status, output } = await root.run(
    'awala-gateway',
    'ping',
    `http://${at('POWEB_PORT')}`,
    '--cogrpc',
    at('COGRPC_PORT'),
    '--pohttp',
    `http://${at('POHTTP_PORT')}`,
  );
  assert.equal(status, 0, output);
}

/** Starts the gateway and stops it; resolves with the id of its identity. */
export async function nodeId(root: DebianRoot, ports: Ports): Promise<string> {
  await using gateway = await serving(root, ports);
  await gateway.printed('Try next');
  const id = /node +([0-9a-f]{65})/.exec(gateway.output)?.[1];
  assert.ok(id, gateway.output);
  await gateway.stop();
  return id;
}
