import process from 'node:process';
import { keepProgramCompiled } from '#runtime/program-cache.js';

keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composeWorkersProcess, readWorkersConfig } = await import('./process.ts');

runService({
  name: 'workers',
  environment: process.env,
  servers: ['operations'],
  configure: readWorkersConfig,
  compose: composeWorkersProcess,
});
