import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { traceOf } from '#log/trace.ts';
import { missingForServices } from '#test/services/cloud-gateway.ts';
import type { LoggedLine } from './five-logs.ts';
import { Travellers } from './travellers.ts';

const isFailedCourier = ({ method, status }: LoggedLine) =>
  method === 'CollectCargo' && status !== undefined;

const skip = await missingForServices();

describe('The logs of five services at debug, grepped for the trace id', { skip }, () => {
  let travellers: Travellers;

  before(async () => {
    travellers = await Travellers.begin('debug');
  });
  after(() => travellers[Symbol.asyncDispose]());

  async function assertSteps(key: string, steps: readonly string[]): Promise<void> {
    const { logs } = travellers;
    const last = steps.at(-1);
    await logs.until((line) => line.key === key && `${line.service} ${line.step}` === last);
    assert.deepEqual([...logs.steps(traceOf(key))].sort(), [...steps].sort());
    for (const line of logs.lines.filter(({ trace }) => trace === traceOf(key))) {
      assert.ok(line.key === key || line.step === undefined, JSON.stringify(line));
    }
  }

  it('tell the road of a parcel from a phone to one that collects', async () => {
    const key = await travellers.byPowebToCollector();
    await assertSteps(key, [
      'poweb stored',
      'poweb signalled',
      'poweb accepted',
      'collection sent',
      'collection acknowledged',
      'collection deleted',
    ]);
  });

  it('tell the road of a parcel from an Internet app', async () => {
    const key = await travellers.byPohttpToCollector();
    await assertSteps(key, [
      'pohttp stored',
      'pohttp signalled',
      'pohttp accepted',
      'collection sent',
      'collection acknowledged',
      'collection deleted',
    ]);
  });

  it('tell the road of a parcel to an Internet app', async () => {
    const key = await travellers.byPowebToInternet();
    await assertSteps(key, [
      'poweb stored',
      'poweb queued',
      'poweb accepted',
      'workers posted',
      'workers answered',
      'workers deleted',
    ]);
  });

  it('tell the road of a parcel from courier to courier, and of the cargo that it came in', async () => {
    const { parcel, cargo } = await travellers.byCourierToCourier();
    await assertSteps(parcel, [
      'workers stored',
      'workers signalled',
      'workers accepted',
      'cogrpc sent',
      'cogrpc carried',
      'workers acknowledged',
      'workers deleted',
    ]);
    const ofCargo = ['cogrpc stored', 'cogrpc queued', 'cogrpc accepted', 'workers unpacked'];
    await assertSteps(cargo, [...ofCargo, 'workers accepted', 'workers deleted']);
  });

  it('tell the road of a cargo that cannot be read, and whose it was', async () => {
    const key = await travellers.unreadableCargo();
    const ofCargo = ['cogrpc stored', 'cogrpc queued', 'cogrpc accepted'];
    await assertSteps(key, [...ofCargo, 'workers set-aside']);
    const failures = travellers.logs.grep(traceOf(key)).filter(({ reason }) => reason);
    assert.equal(failures[0]?.peer, travellers.senderId);
  });
});

describe('The logs of five services at info', { skip }, () => {
  let travellers: Travellers;
  const keys: string[] = [];

  before(async () => {
    travellers = await Travellers.begin('info');
    keys.push(await travellers.byPowebToCollector());
    keys.push(await travellers.byPohttpToCollector());
    keys.push(await travellers.byPowebToInternet());
    const { parcel, cargo } = await travellers.byCourierToCourier();
    keys.push(parcel, cargo, await travellers.unreadableCargo());
    await travellers.failures();
    const { logs } = travellers;
    await logs.until(({ step }) => step === 'set-aside');
    await logs.until(({ closeCode }) => closeCode !== undefined);
    await logs.until(isFailedCourier);
  });
  after(() => travellers[Symbol.asyncDispose]());

  it('name each parcel and cargo by its trace id, and by nothing else', () => {
    for (const key of keys) {
      const lines = travellers.logs.grep(traceOf(key));
      assert.ok(
        lines.some(({ step }) => step === 'accepted'),
        key,
      );
    }
    const text = JSON.stringify(travellers.logs.lines);
    assert.doesNotMatch(text, /gateway-bound|internet-bound|cargo\/0|%2F0/);
  });

  it('do not say which Internet app took a parcel', () => {
    const delivered = travellers.logs.lines.filter(({ outcome }) => outcome === 'delivered');
    assert.ok(delivered.length > 0);
    assert.ok(delivered.every((line) => !('address' in line)));
  });

  it('have no line with two nodes, nor one with a parcel and a node', () => {
    const cargoes = new Set(keys.slice(-2).map(traceOf));
    for (const line of travellers.logs.lines) {
      const nodes = new Set(JSON.stringify(line).match(/\b0[0-9a-f]{64}\b/g));
      assert.ok(nodes.size <= 1, JSON.stringify(line));
      const isOfParcel = line.trace !== undefined && !cargoes.has(String(line.trace));
      assert.ok(!(isOfParcel && nodes.size > 0), JSON.stringify(line));
    }
  });

  it('have no request whose lines name a parcel here and a node there', () => {
    const byRequest = Map.groupBy(travellers.logs.lines, ({ request }) => request);
    byRequest.delete(undefined);
    for (const [request, lines] of byRequest) {
      const isOfParcel = lines.some(({ trace, message }) => trace && !/cargo/.test(message));
      const namesNode = /\b0[0-9a-f]{64}\b/.test(JSON.stringify(lines));
      assert.ok(!(isOfParcel && namesNode), `${request}: ${JSON.stringify(lines)}`);
    }
  });

  it('say whose it was when something failed, how far it came, and no stack', () => {
    const { logs, senderId, recipientId } = travellers;
    const fields = (isIt: (line: LoggedLine) => boolean): Record<string, unknown> => {
      const line: Readonly<Record<string, unknown>> = logs.lines.find(isIt) ?? {};
      const { service, level, time, request, ms, error, ...rest } = line;
      return rest;
    };
    assert.deepEqual(
      fields(({ status }) => status === 422),
      {
        message: 'Answered',
        server: 'poweb',
        method: 'POST',
        route: '/v1/parcels',
        status: 422,
        reason: 'malformed',
        peer: senderId,
      },
    );
    assert.deepEqual(
      fields(({ closeCode }) => closeCode === 1003),
      {
        message: 'A collector sent what it should not',
        reason: 'acknowledgement-unknown',
        peer: recipientId,
        nodes: 1,
        sent: 1,
        acknowledged: 0,
        closeCode: 1003,
        closeReason: 'No such delivery awaits an acknowledgement',
        closedBy: 'gateway',
      },
    );
    const { cca, ...courier } = fields(isFailedCourier);
    assert.equal(typeof cca, 'string');
    assert.deepEqual(courier, {
      message: 'A call of a courier failed',
      method: 'CollectCargo',
      peer: recipientId,
      sent: 1,
      acknowledged: 0,
      status: 'INVALID_ARGUMENT',
    });
    assert.doesNotMatch(JSON.stringify(logs.lines), /"stack"/);
  });
});
