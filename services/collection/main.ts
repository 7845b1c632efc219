import process from 'node:process';
import { runService } from '#runtime/service.ts';
import { composeCollection } from './compose.ts';
import { readCollectionConfig } from './config.ts';

runService({
  name: 'collection',
  environment: process.env,
  servers: ['collection', 'operations'],
  configure: readCollectionConfig,
  compose: composeCollection,
});
