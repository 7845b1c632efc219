import process from 'node:process';
import { runService } from '#runtime/service.ts';
import { composePoweb } from './compose.ts';
import { readPowebConfig } from './config.ts';

runService({
  name: 'poweb',
  environment: process.env,
  servers: ['poweb', 'operations'],
  configure: readPowebConfig,
  compose: composePoweb,
});
