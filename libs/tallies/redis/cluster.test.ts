import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { startRedisCluster } from '#test/backing/redis-cluster.ts';
import { describeRedisTallies } from './contract.ts';

const cluster = await startRedisCluster();
const missing = 'missing' in cluster ? cluster.missing : false;
assert.ok(!(missing && process.env.CI), String(missing));
const address = 'missing' in cluster ? '' : cluster.address;

describe('Redis Cluster', { skip: missing }, () => {
  after(async () => {
    await ('missing' in cluster ? undefined : cluster[Symbol.asyncDispose]());
  });

  describeRedisTallies('Redis Cluster', `redis+cluster://${address}`, address);
});
