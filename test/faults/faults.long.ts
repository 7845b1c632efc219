import { describe } from 'node:test';
import { CLOCK_CASES, DEPARTURE_CASES, deathCases } from './cases/processes.ts';
import { RECORDS_AND_KEYS_CASES } from './cases/records-and-keys.ts';
import { REDIS_CASES } from './cases/redis.ts';
import { STORAGE_CASES } from './cases/storage.ts';
import { FaultyGateway, missingForFaults } from './gateway/faulty-gateway.ts';
import { runCases, seededRandom } from './run-cases.ts';

const { random, seed } = seededRandom();

describe(`faults (FAULTS_SEED=${seed})`, { skip: missingForFaults }, () => {
  runCases(FaultyGateway.start, {
    ...deathCases(random),
    ...REDIS_CASES,
    ...STORAGE_CASES,
    ...RECORDS_AND_KEYS_CASES,
    ...DEPARTURE_CASES,
    ...CLOCK_CASES,
  });
});
