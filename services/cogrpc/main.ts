import process from 'node:process';
import { runService } from '#runtime/service.ts';
import { composeCogrpcProcess, readCogrpcConfig } from './process.ts';

runService({
  name: 'cogrpc',
  environment: process.env,
  servers: ['cogrpc', 'operations'],
  configure: readCogrpcConfig,
  compose: composeCogrpcProcess,
});
