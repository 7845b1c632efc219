import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { CARGO_PREFIX, INTERNET_BOUND_PREFIX } from '#gateway/held/object-keys.ts';
import type { SeededRandom } from '#test/differential/random.ts';
import { answers } from '#test/peers/recipient-server.ts';
import { until as untilSeen } from '#test/runtime/until.ts';
import { type FaultCase, until } from '../fault-case.ts';
import { FORM } from '../form.ts';
import type { SmallCloud } from '../gateway/small-cloud.ts';
import type { World } from '../world.ts';

/** A machine is lost after at most so many further parcels were accepted, and at most so many milliseconds later. */
const MOST_PARCELS_BEFORE = 20;
const MOST_MS_BEFORE = 30;
/** Parcels for an app that is down, at least. */
const WAITING_PARCELS = 3;
const LOOK_MS = 100;
/** The Internet app may have answered so many at once (`DELIVERY_CONCURRENCY_PER_DESTINATION`). */
const IN_HAND = 8;

/** What may happen to the only machine of a gateway, at moments that `random` chooses. */
export function machineCases(
  random: SeededRandom,
): Readonly<Record<string, FaultCase<SmallCloud>>> {
  return {
    'the machine is lost with its disk, and another takes its place': {
      begin: async (world) => {
        for (let loss = 0; loss < FORM.deaths; loss++) {
          await someParcels(world, random);
          await loseMachine(world);
          await world.gateway.startElsewhere();
        }
      },
      end: () => {},
      allArrives: true,
      inHand: IN_HAND * FORM.deaths,
      mayCut: true,
    },
    'the machine is lost with the jobs of all that waits': {
      begin: async (world) => {
        const waited = await loseMachineWithJobs(world);
        await world.gateway.startElsewhere();
        assert.ok(waited.parcels >= WAITING_PARCELS, `${waited.parcels} parcels waited`);
        assert.ok(waited.cargoes > 0, 'no cargo waited');
      },
      end: () => {},
      allArrives: true,
      inHand: IN_HAND,
      mayCut: true,
    },
    'a second machine runs beside it by mistake, and is lost': {
      begin: async (world) => {
        await using _other = await world.gateway.startBeside();
        await someParcels(world, random);
        world.load.ledger.noteDeath();
      },
      end: () => {},
      allArrives: true,
      // Neither tells the other what it has in hand.
      inHand: Number.POSITIVE_INFINITY,
    },
    'the machine is shut down and deleted, and another takes its place': {
      begin: async ({ gateway }) => {
        assert.equal(await gateway.retireMachine(), 0, gateway.output);
        await gateway.startElsewhere();
      },
      end: () => {},
      allArrives: true,
      mayCut: true,
    },
  };
}

async function loseMachine({ load, gateway }: World<SmallCloud>): Promise<void> {
  load.ledger.noteDeath();
  assert.equal(await gateway.loseMachine(), 'SIGKILL');
}

/**
 * While an app is down, its parcels have jobs; while Firestore is, so has cargo.
 *
 * @returns how many still waited once the machine was lost
 */
async function loseMachineWithJobs(
  world: World<SmallCloud>,
): Promise<{ readonly parcels: number; readonly cargoes: number }> {
  const { gateway, app } = world;
  const stored = async (prefix: string) =>
    [...(await gateway.storedKeys())].filter((key) => key.startsWith(prefix));
  /** @returns a function that counts what has been stored since and is still there */
  const countFromNow = async (prefix: string) => {
    // What was stored earlier may be done with already, and wait only to be deleted.
    const before = new Set(await stored(prefix));
    return async () => (await stored(prefix)).filter((key) => !before.has(key)).length;
  };
  const { behaviour } = app.server;
  try {
    app.server.behaviour = answers(503);
    const waitingParcels = await countFromNow(INTERNET_BOUND_PREFIX);
    await untilSeen(async () => (await waitingParcels()) >= WAITING_PARCELS, LOOK_MS);
    gateway.firestore.refuse();
    const waitingCargoes = await countFromNow(CARGO_PREFIX);
    await untilSeen(async () => (await waitingCargoes()) > 0, LOOK_MS);
    await loseMachine(world);
    return { parcels: await waitingParcels(), cargoes: await waitingCargoes() };
  } finally {
    gateway.firestore.accept();
    app.server.behaviour = behaviour;
  }
}

async function someParcels({ load }: World<SmallCloud>, random: SeededRandom): Promise<void> {
  const soon = load.ledger.accepted + random.below(MOST_PARCELS_BEFORE);
  await until('parcels are accepted before a loss', () => load.ledger.accepted >= soon);
  await pause(random.below(MOST_MS_BEFORE));
}
