import process from 'node:process';
import { requireNode } from '#runtime/required-node.js';

requireNode();
const { keepProgramCompiled } = await import('#runtime/program-cache.js');
keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composeWorkers } = await import('./compose.ts');
const { readWorkersConfig } = await import('./config.ts');

runService({
  name: 'workers',
  environment: process.env,
  args: process.argv.slice(2),
  servers: ['operations'],
  configure: readWorkersConfig,
  compose: composeWorkers,
});
