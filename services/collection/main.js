import process from 'node:process';
import { requireNode } from '#runtime/required-node.js';

requireNode();
const { keepProgramCompiled } = await import('#runtime/program-cache.js');
keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composeCollection } = await import('./compose.ts');
const { readCollectionConfig } = await import('./config.ts');

runService({
  name: 'collection',
  environment: process.env,
  args: process.argv.slice(2),
  servers: ['collection', 'operations'],
  configure: readCollectionConfig,
  compose: composeCollection,
});
