import process from 'node:process';
import { keepProgramCompiled } from '#runtime/program-cache.js';

keepProgramCompiled(process.env);
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
