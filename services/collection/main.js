import process from 'node:process';
import { keepProgramCompiled } from '#runtime/program-cache.js';

keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composeCollection } = await import('./compose.ts');
const { readCollectionConfig } = await import('./config.ts');

runService({
  name: 'collection',
  environment: process.env,
  servers: ['collection', 'operations'],
  configure: readCollectionConfig,
  compose: composeCollection,
});
