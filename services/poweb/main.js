import process from 'node:process';
import { requireNode } from '#runtime/required-node.js';

requireNode();
const { keepProgramCompiled } = await import('#runtime/program-cache.js');
keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composePoweb } = await import('./compose.ts');
const { readPowebConfig } = await import('./config.ts');

runService({
  name: 'poweb',
  environment: process.env,
  args: process.argv.slice(2),
  servers: ['poweb', 'operations'],
  configure: readPowebConfig,
  compose: composePoweb,
});
