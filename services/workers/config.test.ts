import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { WORKERS_VARIABLES } from './config.ts';

describe('Configuration of the workers', () => {
  it('speaks TLS to the public Internet only, unless told otherwise', () => {
    const { delivery } = readConfiguration({}, WORKERS_VARIABLES);
    assert.equal(delivery.useTls, true);
    assert.equal(delivery.allowPrivateNetworks, false);
    assert.equal(delivery.dohUrl.protocol, 'https:');
  });

  it('takes what it is told', () => {
    const values = readConfiguration(
      {
        POHTTP_CLIENT_TLS: 'false',
        POHTTP_ALLOW_PRIVATE_NETWORKS: 'true',
        DOH_URL: 'https://dns.example/query',
        SWEEP_INTERVAL: '5m',
      },
      WORKERS_VARIABLES,
    );
    assert.equal(values.delivery.useTls, false);
    assert.equal(values.delivery.allowPrivateNetworks, true);
    assert.equal(values.delivery.dohUrl.href, 'https://dns.example/query');
    assert.equal(values.sweepIntervalMs, 300_000);
  });

  it('refuses a resolver that is no URL of HTTP', () => {
    const read = () => readConfiguration({ DOH_URL: 'udp://1.1.1.1' }, WORKERS_VARIABLES);
    assert.throws(read, /DOH_URL/);
  });
});
