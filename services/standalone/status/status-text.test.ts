import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GatewayStatus } from './gateway-status.ts';
import { statusText } from './status-text.ts';

const RUNNING: GatewayStatus = {
  at: '2026-11-29T10:00:00.000Z',
  internetAddress: 'gateway.example.org',
  running: {
    version: '0.1.0',
    upSeconds: 273_700,
    failing: {},
    phonesConnected: 12,
    registration: 'open',
    lastMinute: { accepted: 42, collected: 40, delivered: 2, refused: 1, registered: 0 },
  },
  phonesSeen: 31,
  held: {
    forPhones: { objects: 120, octets: 3_565_158, oldestAt: '2026-11-27T07:00:00.000Z' },
    forInternet: { objects: 3, octets: 900, oldestAt: '2026-11-29T09:55:00.000Z' },
    cargo: { objects: 0, octets: 0, oldestAt: null },
  },
  jobs: { waiting: 3, oldestDueSeconds: 2, setAside: 0 },
  diskRoomOctets: 66_571_993_088,
  certificates: {
    gatewayUntil: '2027-05-20T00:00:00.000Z',
    tlsUntil: '2027-02-01T00:00:00.000Z',
    tlsFailure: null,
  },
  lastBackupAt: '2026-11-29T04:00:00.000Z',
};

describe('The status of a gateway', () => {
  it('is one screen of text', () => {
    assert.deepEqual(statusText(RUNNING, 'npm start'), [
      'gateway.example.org  runs for 3 d 4 h, version 0.1.0',
      '',
      'phones        12 connected, 31 seen in 30 days',
      'for phones    120 parcels, 3.4 MiB, the oldest 2 d 3 h ago',
      'for apps      3 parcels, 900 octets, the oldest 5 min ago',
      'to unpack     none',
      'jobs          3 waiting, one due for 2 s; 0 set aside',
      'disk          62 GiB until parcels are refused',
      'certificates  of the gateway 171 days (until 2027-05-20); of TLS 63 days (until 2027-02-01)',
      'backup        6 h 0 min ago',
      'last minute   42 accepted, 40 collected, 2 delivered, 1 refused, 0 registered',
    ]);
  });

  it('says why a gateway is not ready', () => {
    const running = RUNNING.running && { ...RUNNING.running, failing: { objects: 'no room' } };
    assert.equal(
      statusText({ ...RUNNING, running }, 'npm start')[1],
      'not ready: objects: no room',
    );
  });

  it('says whether newcomers may register, if not all may', () => {
    const running = RUNNING.running && { ...RUNNING.running, registration: 'closed' as const };
    assert.equal(
      statusText({ ...RUNNING, running }, 'npm start')[3],
      'newcomers     none may register',
    );
  });

  it('says why there is no newer certificate', () => {
    const certificates = { ...RUNNING.certificates, tlsFailure: 'the clock is wrong; set it' };
    assert.equal(
      statusText({ ...RUNNING, certificates }, 'npm start')[9],
      '              no newer one of TLS: the clock is wrong; set it',
    );
  });

  it('says what is not counted on a cloud store', () => {
    const held = RUNNING.held && { ...RUNNING.held, forInternet: null, cargo: null };
    assert.deepEqual(statusText({ ...RUNNING, held }, 'npm start').slice(3, 6), [
      'for phones    120 parcels, 3.4 MiB, the oldest 2 d 3 h ago',
      'for apps      not counted',
      'to unpack     not counted',
    ]);
  });

  it('says what is unknown of one that does not run and has nothing', () => {
    const nothing: GatewayStatus = {
      ...RUNNING,
      running: null,
      phonesSeen: null,
      held: null,
      jobs: null,
      diskRoomOctets: null,
      certificates: { gatewayUntil: null, tlsUntil: null, tlsFailure: null },
      lastBackupAt: null,
    };
    assert.deepEqual(statusText(nothing, 'sudo systemctl start awala-gateway'), [
      'gateway.example.org  is not running',
      'Start it: sudo systemctl start awala-gateway',
      '',
      'phones        unknown',
      'held          unknown',
      'jobs          unknown',
      'disk          none is used',
      'certificates  of the gateway unknown',
      'backup        none is recorded',
    ]);
  });
});
