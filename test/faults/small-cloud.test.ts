import { describe } from 'node:test';
import { missingForSmallCloud } from '#test/services/cloud-gateway.ts';
import { machineCases } from './cases/machine.ts';
import { SmallCloud } from './gateway/small-cloud.ts';
import { runCases, seededRandom } from './run-cases.ts';

const { random, seed } = seededRandom();

describe(`a small cloud (FAULTS_SEED=${seed})`, { skip: await missingForSmallCloud() }, () => {
  runCases(SmallCloud.start, machineCases(random));
});
