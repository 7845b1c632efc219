import process from 'node:process';
import { runService } from '#runtime/service.ts';
import { composeWorkersProcess, readWorkersConfig } from './process.ts';

runService({
  name: 'workers',
  environment: process.env,
  servers: ['operations'],
  configure: readWorkersConfig,
  compose: composeWorkersProcess,
});
