import { describe } from 'node:test';
import { backing } from '#test/backing/backing.ts';
import { describeRedisQueue } from './contract.ts';

const redis = await backing('redis');

describe('Redis', { skip: redis.missing }, () => {
  describeRedisQueue('Redis', `redis://${redis.address}`);
});
