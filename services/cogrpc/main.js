import process from 'node:process';
import { requireNode } from '#runtime/required-node.js';

requireNode();
const { keepProgramCompiled } = await import('#runtime/program-cache.js');
keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composeCogrpc } = await import('./compose.ts');
const { readCogrpcConfig } = await import('./config.ts');

runService({
  name: 'cogrpc',
  environment: process.env,
  args: process.argv.slice(2),
  servers: ['cogrpc', 'operations'],
  configure: readCogrpcConfig,
  compose: composeCogrpc,
});
