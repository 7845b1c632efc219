import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError } from '#runtime/configuration/configuration.ts';
import { readCollectionConfig } from './config.ts';

const ENVIRONMENT = {
  INTERNET_ADDRESS: 'gateway.example',
  OBJECT_STORE: 'gcs',
  GCS_BUCKET: 'parcels',
  RECORD_STORE: 'firestore',
  FIRESTORE_PROJECT: 'project',
  KEY_VAULT: 'google-kms',
  KMS_IDENTITY_KEY_VERSION: 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
  KMS_SEALING_KEY: 'projects/p/locations/l/keyRings/r/cryptoKeys/s',
  SIGNALS: 'redis',
  REDIS_URL: 'redis://127.0.0.1',
};

describe('readCollectionConfig', () => {
  it('leaves clients that come back more time than their pause of 3 s, within the drain', () => {
    const { moving, drainTimeoutMs } = readCollectionConfig(ENVIRONMENT);
    assert.ok(moving.lingerMs > 3_000);
    assert.ok(moving.spreadMs + moving.lingerMs < drainTimeoutMs);
  });

  it('refuses to move clients for longer than the process gets to end', () => {
    const environment = { ...ENVIRONMENT, COLLECTION_DRAIN: '11s' };
    assert.throws(
      () => readCollectionConfig(environment),
      (error) => error instanceof ConfigurationError && /COLLECTION_LINGER/.test(error.message),
    );
    readCollectionConfig({ ...environment, DRAIN_TIMEOUT: '26s' });
  });

  it('refuses more unacknowledged deliveries than Android reads', () => {
    readCollectionConfig({ ...ENVIRONMENT, COLLECTION_WINDOW: '50' });
    assert.throws(() => readCollectionConfig({ ...ENVIRONMENT, COLLECTION_WINDOW: '51' }), {
      message: /COLLECTION_WINDOW/,
    });
  });
});
