import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { PROGRAM_CACHE } from '#runtime/program-cache.js';

// Before the rest is loaded; threads look into the environment.
process.env.NODE_COMPILE_CACHE ||= PROGRAM_CACHE;
enableCompileCache(process.env.NODE_COMPILE_CACHE);
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
