import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { RawServer } from '#test/end-to-end/internet-delivery/raw-server.ts';
import { InternetApp } from '#test/peers/internet-app.ts';
import { answers } from '#test/peers/recipient-server.ts';
import { ATTACKERS_NETWORK, HONEST_NETWORK } from '../attacker.ts';
import { Attackers } from './attackers.ts';
import { HonestClients } from './honest-clients.ts';
import { LIMITED, silentName } from './on-apps.ts';
import type { AttackRow } from './rows.ts';
import { type Use, WatchedGateway } from './watched-gateway.ts';

/** The part of honest requests that must succeed. */
const LEAST_SERVED = 0.95;
/** How long an attack goes on, once it has begun in full. */
const ATTACK_MS = 20_000;
/** Between two honest requests, unless those take longer. */
const REQUEST_EVERY_MS = 400;
/** Longer than any client waits; only a request that would never end meets it. */
const PATIENCE_MS = 30_000;
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
  /** The part of honest requests that succeeded, by where they came from; null if that was not asked. */
  readonly served: Readonly<Record<'other' | 'own', number | null>>;
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
  const honest = opened.use(await HonestClients.register(gateway.process, app));
  const before = await gateway.use();
  const { poweb, pohttp, cogrpc, operations } = gateway.process;
  const target = { poweb, pohttp, cogrpc, operations, from: ATTACKERS_NETWORK, count: row.count };
  opened.use(await Attackers.begin({ attack: row.attack, target }, row.processes));
  const served = await servedDuring(row, honest);
  return {
    says: row.says,
    served,
    before,
    peak: await gateway.peak(),
    descriptorLimit: await gateway.descriptorLimit(),
    isAlive: await isServed(() => honest.isSeenAlive()),
  };
}

async function servedDuring(row: AttackRow, honest: HonestClients): Promise<Outcome['served']> {
  const other = new Tally();
  const own = new Tally();
  const networks = [
    [other, HONEST_NETWORK],
    ...(row.sparesOwnNetwork === false ? [] : [[own, ATTACKERS_NETWORK] as const]),
  ] as const;
  const endsAtMs = performance.now() + ATTACK_MS;
  for (let asked = 0; performance.now() < endsAtMs; asked++) {
    const next = pause(REQUEST_EVERY_MS);
    const request = row.honest[asked % row.honest.length];
    assert.ok(request);
    for (const [tally, from] of networks) {
      tally.count(await isServed(() => honest[request](from)));
    }
    await next;
  }
  return { other: other.part, own: own.part };
}

class Tally {
  #asked = 0;
  #served = 0;

  count(isServed: boolean): void {
    this.#asked += 1;
    this.#served += isServed ? 1 : 0;
  }

  /** The part that was served; null if nobody asked. */
  get part(): number | null {
    return this.#asked === 0 ? null : this.#served / this.#asked;
  }
}

async function isServed(ask: () => Promise<boolean>): Promise<boolean> {
  const patience = new AbortController();
  const inVain = pause(PATIENCE_MS, false, { signal: patience.signal }).catch(() => false);
  try {
    return await Promise.race([ask().catch(() => false), inVain]);
  } finally {
    patience.abort();
  }
}

/** @throws if an honest client was not served, or the gateway took more than it may */
export function assertWithstood(row: AttackRow, outcome: Outcome): void {
  const { served, before, peak, descriptorLimit } = outcome;
  for (const [where, part] of Object.entries(served)) {
    assert.ok(part === null || part >= LEAST_SERVED, `${where} network: ${part} were served`);
  }
  const grownOctets = peak.rssOctets - before.rssOctets;
  assert.ok(grownOctets <= row.memoryOctets + GARBAGE_OCTETS, `memory grew by ${grownOctets}`);
  assert.ok(
    peak.descriptors <= CLIENTS_PART * descriptorLimit + FILES,
    `${peak.descriptors} descriptors`,
  );
  const storedOctets = peak.diskOctets - before.diskOctets;
  assert.ok(storedOctets <= (row.storedOctets ?? 0) + FILES_OCTETS, `stored ${storedOctets}`);
}
