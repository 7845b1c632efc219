import assert from 'node:assert/strict';
import { RawServer } from '#test/end-to-end/internet-delivery/raw-server.ts';
import { InternetApp } from '#test/peers/internet-app.ts';
import { answers } from '#test/peers/recipient-server.ts';
import { ATTACKERS_NETWORK } from '../attacker.ts';
import { Attackers } from './attackers.ts';
import { HonestClients } from './honest-clients.ts';
import { LIMITED, silentName } from './on-apps.ts';
import type { AttackRow } from './rows.ts';
import { assertAllServed, isServed, type Served, servedDuring } from './serving.ts';
import { type Use, WatchedGateway } from './watched-gateway.ts';

/** How long an attack goes on, once it has begun in full. */
const ATTACK_MS = 20_000;
/** The part of the descriptors that clients may take. */
const CLIENTS_PART = 7 / 8;
/** What the gateway opens for itself. */
const FILES = 200;
const MIB = 1_024 * 1_024;
/** What garbage there is before V8 collects it, on top of what is in use. */
const GARBAGE_OCTETS = 192 * MIB;
/** A log of 64 MiB, the reserve of 32 MiB, and what honest clients bring. */
const FILES_OCTETS = 128 * MIB;

const TAKEN = answers(202);
const TOO_MANY = answers(429, { 'retry-after': '300' });

/** How an attack went. */
export interface Outcome {
  readonly says: string;
  readonly served: Served;
  readonly before: Use;
  readonly peak: Use;
  /** How many descriptors the gateway may open. */
  readonly descriptorLimit: number;
  /** Whether it still answers operators. */
  readonly isAlive: boolean;
}

/** Has a gateway attacked, and asks what honest clients ask, from another network and the attacker's by turns. */
export async function undergo(row: AttackRow): Promise<Outcome> {
  await using opened = new AsyncDisposableStack();
  const app = opened.use(await InternetApp.start());
  const silent = opened.use(await RawServer.start());
  for (let index = 0; index < row.count; index++) {
    app.doh.setApp(silentName(index), silent.port);
  }
  app.server.behaviour = (response, request) =>
    (request.body.includes(LIMITED) ? TOO_MANY : TAKEN)(response, request);
  const gateway = opened.use(await WatchedGateway.start(app.doh.environment));
  const { poweb, pohttp, cogrpc, operations } = gateway.process;
  const ports = { poweb, collection: poweb, pohttp, cogrpc, operations };
  const honest = opened.use(await HonestClients.register(ports, app));
  const before = await gateway.use();
  const target = { ports, from: ATTACKERS_NETWORK, count: row.count };
  opened.use(await Attackers.begin({ attack: row.attack, target }, row.processes));
  const endsAtMs = performance.now() + ATTACK_MS;
  const served = await servedDuring(row, honest, () => performance.now() > endsAtMs);
  return {
    says: row.says,
    served,
    before,
    peak: await gateway.peak(),
    descriptorLimit: await gateway.descriptorLimit(),
    isAlive: await isServed(() => honest.isSeenAlive()),
  };
}

/** @throws if an honest client was not served, or the gateway took more than it may */
export function assertWithstood(row: AttackRow, outcome: Outcome): void {
  const { served, before, peak, descriptorLimit } = outcome;
  assertAllServed(served);
  const grownOctets = peak.rssOctets - before.rssOctets;
  assert.ok(grownOctets <= row.memoryOctets + GARBAGE_OCTETS, `memory grew by ${grownOctets}`);
  assert.ok(
    peak.descriptors <= CLIENTS_PART * descriptorLimit + FILES,
    `${peak.descriptors} descriptors`,
  );
  const storedOctets = peak.diskOctets - before.diskOctets;
  assert.ok(storedOctets <= (row.storedOctets ?? 0) + FILES_OCTETS, `stored ${storedOctets}`);
}
