import { describe } from 'node:test';
import { backing } from '#test/backing/backing.ts';
import { describeRedisTallies } from './contract.ts';

const redis = await backing('redis');

describe('Redis', { skip: redis.missing }, () => {
  describeRedisTallies('Redis', `redis://${redis.address}`, String(redis.address));
});
