import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { FaultCode } from '#awala/errors.ts';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { systemClock } from '#clock/clock.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { holderName } from '#gateway/held/object-keys.ts';
import { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { CALL_ANSWERS, replyTo } from '#services/cogrpc/answers.ts';
import { COGRPC_LIMITS } from '#services/cogrpc/limits.ts';
import { type CogrpcOptions, holdParcels, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { messageHeader, RawCall } from '#test/cogrpc/raw-call.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { until, whileTimePasses } from '#test/runtime/until.ts';
import { Operator } from '../support/operator.ts';
import { RecordedLog } from '../workers/recorded.ts';

const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const HOUR_MS = 3_600_000;
/** The health service logs nothing. */
const UNTOLD: readonly string[] = ['service-unknown', 'watches-full'];

/** A gateway for couriers, a courier and a phone, and the clock of all. */
class Setting implements AsyncDisposable {
  readonly clock = new ManualClock(new Date());
  readonly log = new RecordedLog();
  readonly #opened = new AsyncDisposableStack();

  async open(options: CogrpcOptions = {}) {
    const { clock, log } = this;
    const opened = this.#opened.use(await openCogrpc({ clock, log, ...options }));
    const courier = this.#opened.use(new Courier(opened.port));
    return { opened, courier, phone: await CargoPhone.register(opened) };
  }

  /** A courier that has got a parcel, and has not acknowledged it. */
  async collecting(options: CogrpcOptions = {}) {
    const { opened, courier, phone } = await this.open(options);
    await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
    const cca = await phone.cca();
    const stream = courier.collect([authorizationOf(cca)]);
    await stream.receivedAtLeast(1);
    return { opened, courier, cca, stream };
  }

  /** A courier whose call to deliver has begun. */
  async delivering(options: CogrpcOptions = {}) {
    const { opened, courier, phone } = await this.open(options);
    const stream = courier.deliver();
    await until(() => opened.server.calls === 1);
    return { opened, phone, stream };
  }

  /** What the call ends with while cargo cannot be stored. */
  async deliveringWhile(error: Error): Promise<number> {
    const before = () => {
      throw error;
    };
    const objects = new InMemoryObjectStore({ before });
    const { phone, stream } = await this.delivering({ objects });
    stream.send({ id: 'id', cargo: await phone.cargo() });
    return (await stream.ended).code;
  }

  /** A call that sends octets as they are. */
  async raw(path: string, options: CogrpcOptions = {}) {
    const { opened } = await this.open(options);
    const begin = () => {
      const call = RawCall.begin(opened.port, path);
      this.#opened.defer(() => call.vanish());
      return call;
    };
    return { call: begin(), begin };
  }

  tells(code: string): boolean {
    return this.log.lines.some(
      ({ reason, error }) =>
        reason === code || (error instanceof Error && 'code' in error && error.code === code),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

/** `cca.test.ts` sees to what may be wrong with a CCA. */
type Code = Exclude<keyof typeof CALL_ANSWERS, FaultCode>;
/** @returns the gRPC status; null if the courier does not get to know it */
type Provocation = (setting: Setting) => Promise<number | string | null>;

const provocations: Readonly<Record<Code, Provocation>> = {
  'cca-missing': async (setting) => {
    const { courier } = await setting.open();
    return (await courier.collect([]).ended).code;
  },
  'cca-fulfilled': async (setting) => {
    const { courier, phone } = await setting.open();
    const cca = await phone.cca();
    assert.equal((await courier.collectAll(cca)).end.code, status.OK);
    return (await courier.collectAll(cca)).end.code;
  },
  'cca-in-use': async (setting) => {
    const { courier, cca, stream } = await setting.collecting({ clock: systemClock });
    const { end } = await courier.collectAll(cca);
    stream.call.cancel();
    await stream.ended;
    return end.code;
  },
  'peer-blocked': async (setting) => {
    const operator = new Operator(setting.clock);
    const policy = new PeerPolicy({ ...setting, records: operator.records });
    await using _looking = policy.keepCurrent();
    const { courier, phone } = await setting.open({ policy });
    await operator.block(phone.peer, { clock: setting.clock, policies: [policy] });
    return (await courier.collectAll(await phone.cca())).end.code;
  },
  'cda-not-yet-valid': async (setting) => {
    const { courier, phone } = await setting.open();
    const notBefore = new Date(setting.clock.now().getTime() + HOUR_MS);
    const { certificate: cda } = await phone.cda({ notBefore });
    return (await courier.collectAll(await phone.cca({ cda }))).end.code;
  },
  'collection-cut': async (setting) => {
    const { opened, courier, phone } = await setting.open();
    await holdParcels(opened, phone.peer, { count: 30, octets: 200_000 });
    const cca = authorizationOf(await phone.cca());
    const stream = courier.collect([cca], { deadlineMs: 25_000 });
    await stream.receivedAtLeast(1);
    setting.clock.advance(24_700);
    stream.send({ id: stream.received[0]?.id ?? '' });
    return (await stream.ended).code;
  },
  'cargo-unacknowledged': async (setting) => {
    const { stream } = await setting.collecting();
    return (await whileTimePasses(setting.clock, stream.ended)).code;
  },
  'acknowledgement-unknown': async (setting) => {
    const { stream } = await setting.collecting();
    stream.send({ id: 'unknown' });
    return (await stream.ended).code;
  },
  'half-closed': async (setting) => {
    const { stream } = await setting.collecting();
    stream.call.end();
    return (await stream.ended).code;
  },
  'delivery-id-too-long': async (setting) => {
    const { stream, phone } = await setting.delivering();
    stream.send({ id: 'x'.repeat(129), cargo: await phone.cargo() });
    return (await stream.ended).code;
  },
  idle: async (setting) => {
    const { stream } = await setting.delivering();
    return (await whileTimePasses(setting.clock, stream.ended)).code;
  },
  'not-reading': async (setting) => {
    const { opened, courier, phone } = await setting.open();
    await holdParcels(opened, phone.peer, { count: 1, octets: 8_000_000 });
    const cca = authorizationOf(await phone.cca());
    const { ended } = courier.collect([cca], { isDeaf: true });
    await until(() => opened.collectionBudget.held > 0);
    await whileTimePasses(setting.clock, ended);
    return null;
  },
  'call-time-up': async (setting) => {
    const firstCargoMs = 2 * COGRPC_LIMITS.maxCallMs;
    const { stream } = await setting.delivering({ limits: { firstCargoMs } });
    return (await whileTimePasses(setting.clock, stream.ended)).code;
  },
  'message-too-large': async (setting) => {
    const { call } = await setting.raw(CHECK);
    await call.send(messageHeader(5_000));
    return call.status;
  },
  'message-crumbled': async (setting) => {
    const { call } = await setting.raw('/awala.cogrpc.CargoRelay/DeliverCargo');
    await call.send(messageHeader(4_000));
    for (let octet = 0; octet < 300; octet++) {
      await call.send(Buffer.alloc(1));
    }
    return call.status;
  },
  'message-compressed': async (setting) => {
    const { call } = await setting.raw(CHECK);
    await call.send(messageHeader(10, { isCompressed: true }));
    return call.status;
  },
  'message-overdue': async (setting) => {
    const { call } = await setting.raw(CHECK);
    return whileTimePasses(setting.clock, call.status);
  },
  'service-unknown': async (setting) => {
    const { call } = await setting.raw(CHECK);
    await call.send(Buffer.concat([messageHeader(3), Buffer.from('\n\u0001x')]));
    return call.finish();
  },
  'requests-full': async (setting) => {
    const { call, begin } = await setting.raw(CHECK, { limits: { maxHealthRequests: 1 } });
    await call.send(messageHeader(10));
    await begin().send(messageHeader(10));
    return call.status;
  },
  'watches-full': async (setting) => {
    const { call } = await setting.raw(WATCH, { limits: { maxWatches: 0 } });
    await call.send(messageHeader(0));
    return call.finish();
  },
  'calls-full': async (setting) => {
    const { courier } = await setting.open({ limits: { maxDeliveries: 0 } });
    return (await courier.deliver().ended).code;
  },
  'over-quota': async (setting) => {
    const { courier, phone } = await setting.open({ quotas: { cargoesPerHour: 1 } });
    const cargoes = [await phone.cargo(), await phone.cargo()];
    const stream = courier.deliver();
    cargoes.forEach((cargo, index) => void stream.send({ id: `${index}`, cargo }));
    await stream.receivedAtLeast(1);
    stream.call.end();
    return (await stream.ended).code;
  },
  'over-share': async (setting) => {
    const room = { leftOctets: 1_000_000 };
    const objects = new InMemoryObjectStore({ room });
    const { opened, courier, phone } = await setting.open({ objects, held: { parcels: 1 } });
    const expiresAt = new Date(setting.clock.now().getTime() + 60_000);
    const holder = holderName(phone.peer.nodeId, 'cargo');
    await opened.objects.put('cargo/waiting', Buffer.of(1), { expiresAt, holder });
    const stream = courier.deliver();
    stream.send({ id: 'id', cargo: await phone.cargo() });
    stream.call.end();
    return (await stream.ended).code;
  },
  'too-late': async (setting) => {
    const { clock } = setting;
    let isStuck = false;
    const before = () => (isStuck ? new Promise<void>(() => {}) : undefined);
    const records = new InMemoryRecordStore({ clock, before });
    const { opened, courier, phone } = await setting.open({ records });
    const cca = await phone.cca();
    isStuck = true;
    const { ended } = courier.collect([authorizationOf(cca)], { deadlineMs: 60_000 });
    await until(() => opened.server.calls === 1);
    clock.advance(59_500);
    return (await ended).code;
  },
  stopping: async (setting) => {
    const { opened, stream } = await setting.delivering();
    void opened.server.drain(60_000);
    return (await stream.ended).code;
  },
  'backing-unavailable': (setting) =>
    setting.deliveringWhile(new BackingUnavailableError('object-store', 'told to fail')),
  'backing-full': (setting) =>
    setting.deliveringWhile(new BackingFullError('object-store', 'told to have no room')),
  'clock-in-doubt': async (setting) => {
    const { clock } = setting;
    const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
    const { courier, phone } = await setting.open({ plausibility });
    const oursMs = clock.now().getTime();
    const notAfter = new Date(oursMs - HOUR_MS);
    const { certificate: cda } = await phone.cda({ notAfter });
    plausibility.hear({ by: 'a witness', theirsMs: oursMs - 24 * HOUR_MS, oursMs });
    return (await courier.collectAll(await phone.cca({ cda }))).end.code;
  },
};

describe('CogRPC: each error that has an answer', () => {
  for (const [code, provoke] of Object.entries(provocations)) {
    const { status: name } = CALL_ANSWERS[code as Code];
    it(`${code}: ${name}`, async () => {
      await using setting = new Setting();
      const answered = await provoke(setting);
      assert.equal(Number(answered ?? status[name]), status[name]);
      await until(() => UNTOLD.includes(code) || setting.tells(code));
    });
  }

  it('a surprise: INTERNAL', async () => {
    await using setting = new Setting();
    const code = await setting.deliveringWhile(new TypeError('told to surprise'));
    assert.equal(code, status[replyTo(new TypeError()).status]);
  });
});
