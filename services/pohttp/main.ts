import process from 'node:process';
import { runService } from '#runtime/service.ts';
import { composePohttp } from './compose.ts';
import { readPohttpConfig } from './config.ts';

runService({
  name: 'pohttp',
  environment: process.env,
  servers: ['pohttp', 'operations'],
  configure: readPohttpConfig,
  compose: composePohttp,
});
