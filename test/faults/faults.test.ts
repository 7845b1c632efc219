import { randomInt } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { SeededRandom } from '#test/differential/random.ts';
import { CLOCK_CASES, DEPARTURE_CASES, deathCases } from './cases/processes.ts';
import { RECORDS_AND_KEYS_CASES } from './cases/records-and-keys.ts';
import { REDIS_CASES } from './cases/redis.ts';
import { STORAGE_CASES } from './cases/storage.ts';
import { undergo } from './fault-case.ts';
import { missingForFaults } from './gateway/faulty-gateway.ts';
import { openWorld, type World } from './world.ts';

const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 32));

describe(`faults (FAULTS_SEED=${seed})`, { skip: missingForFaults }, () => {
  let world: World;

  before(async () => {
    world = await openWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  const cases = {
    ...deathCases(new SeededRandom(seed)),
    ...REDIS_CASES,
    ...STORAGE_CASES,
    ...RECORDS_AND_KEYS_CASES,
    ...DEPARTURE_CASES,
    ...CLOCK_CASES,
  };
  for (const [name, fault] of Object.entries(cases)) {
    it(name, (t) => undergo(t, world, fault));
  }
});
