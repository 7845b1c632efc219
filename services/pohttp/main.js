import process from 'node:process';
import { requireNode } from '#runtime/required-node.js';

requireNode();
const { keepProgramCompiled } = await import('#runtime/program-cache.js');
keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composePohttp } = await import('./compose.ts');
const { readPohttpConfig } = await import('./config.ts');

runService({
  name: 'pohttp',
  environment: process.env,
  args: process.argv.slice(2),
  servers: ['pohttp', 'operations'],
  configure: readPohttpConfig,
  compose: composePohttp,
});
