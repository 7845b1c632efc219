import process from 'node:process';
import { keepProgramCompiled } from '#runtime/program-cache.js';

keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composePohttp } = await import('./compose.ts');
const { readPohttpConfig } = await import('./config.ts');

runService({
  name: 'pohttp',
  environment: process.env,
  servers: ['pohttp', 'operations'],
  configure: readPohttpConfig,
  compose: composePohttp,
});
