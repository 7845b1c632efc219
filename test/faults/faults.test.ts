import { describe } from 'node:test';
import { ALL_DEPART, allDie, CLOCK_CASES } from './cases/processes.ts';
import { RECORDS_AND_KEYS_CASES } from './cases/records-and-keys.ts';
import { REDIS_CASES } from './cases/redis.ts';
import { STORAGE_CASES } from './cases/storage.ts';
import { FaultyGateway, missingForFaults } from './gateway/faulty-gateway.ts';
import { runCases, seededRandom } from './run-cases.ts';

/** One of each kind; `faults.long.ts`, which `npm run test:faults` runs, has them all. */
const CHOSEN = [
  'Redis dies, and is started again with nothing in it',
  'Redis stands still',
  'Cloud Storage answers 503',
  'Cloud Storage cuts uploads',
  'Firestore is away',
  'Cloud KMS is away',
  'workers is two hours ahead',
];

const { random, seed } = seededRandom();
const all = { ...REDIS_CASES, ...STORAGE_CASES, ...RECORDS_AND_KEYS_CASES, ...CLOCK_CASES };

describe(`faults in short (FAULTS_SEED=${seed})`, { skip: missingForFaults }, () => {
  runCases(FaultyGateway.start, {
    'every service is killed': allDie(random),
    ...Object.fromEntries(Object.entries(all).filter(([name]) => CHOSEN.includes(name))),
    'every service is told to stop': ALL_DEPART,
  });
});
