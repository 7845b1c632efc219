import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { PROGRAM_CACHE } from '#runtime/program-cache.js';

// Before the rest is loaded; threads look into the environment.
process.env.NODE_COMPILE_CACHE ||= PROGRAM_CACHE;
enableCompileCache(process.env.NODE_COMPILE_CACHE);
const { runService } = await import('#runtime/service.ts');
const { composePoweb } = await import('./compose.ts');
const { readPowebConfig } = await import('./config.ts');

runService({
  name: 'poweb',
  environment: process.env,
  servers: ['poweb', 'operations'],
  configure: readPowebConfig,
  compose: composePoweb,
});
