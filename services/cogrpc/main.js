import process from 'node:process';
import { keepProgramCompiled } from '#runtime/program-cache.js';

keepProgramCompiled(process.env);
const { runService } = await import('#runtime/service.ts');
const { composeCogrpcProcess, readCogrpcConfig } = await import('./process.ts');

runService({
  name: 'cogrpc',
  environment: process.env,
  servers: ['cogrpc', 'operations'],
  configure: readCogrpcConfig,
  compose: composeCogrpcProcess,
});
