import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { PROGRAM_CACHE } from '#runtime/program-cache.js';

// Before the rest is loaded; threads look into the environment.
process.env.NODE_COMPILE_CACHE ||= PROGRAM_CACHE;
enableCompileCache(process.env.NODE_COMPILE_CACHE);
const { runService } = await import('#runtime/service.ts');
const { composeWorkersProcess, readWorkersConfig } = await import('./process.ts');

runService({
  name: 'workers',
  environment: process.env,
  servers: ['operations'],
  configure: readWorkersConfig,
  compose: composeWorkersProcess,
});
