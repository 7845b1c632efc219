import process from 'node:process';
import { keepProgramCompiled } from '#runtime/program-cache.js';

keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composeWorkers } = await import('./compose.ts');
const { readWorkersConfig } = await import('./config.ts');

runService({
  name: 'workers',
  environment: process.env,
  servers: ['operations'],
  configure: readWorkersConfig,
  compose: composeWorkers,
});
