import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { type Identity, preRegistrationBody } from '#test/builders/peers.ts';
import type { Road } from '#test/builders/road.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { GatewayUnderTest, START } from './gateway-under-test.ts';
import { Operator } from './operator.ts';

/** Gateways on the same stores, and an operator. */
export class SharedGateways implements AsyncDisposable {
  readonly clock = new ManualClock(START);
  isStoreDown = false;
  readonly records = new InMemoryRecordStore({
    clock: this.clock,
    before: () => {
      if (this.isStoreDown) {
        throw new BackingUnavailableError('record-store', 'down');
      }
    },
  });
  readonly objects = new InMemoryObjectStore({ clock: this.clock });
  readonly operator = new Operator(this.clock, this.records);
  readonly gateways: GatewayUnderTest[] = [];
  readonly #opened = new AsyncDisposableStack();

  /** Starts another one. */
  async gateway(environment: Readonly<Record<string, string>> = {}): Promise<GatewayUnderTest> {
    const gateway = this.#opened.use(await GatewayUnderTest.start(this, environment));
    this.gateways.push(gateway);
    return gateway;
  }

  get serving() {
    const { clock, gateways } = this;
    return { clock, policies: gateways.map(({ running }) => running.gateway.policy) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

/** Delivers a parcel as a phone does. */
export async function post({ poweb }: GatewayUnderTest, { phone }: Road, parcel: Uint8Array) {
  using client = new HttpClient(poweb);
  return await client.post('/v1/parcels', await postingOf(parcel, phone));
}

/** Registers a phone, for the first time or to renew its certificate. @returns the status */
export async function register({ poweb }: GatewayUnderTest, phone: Identity): Promise<number> {
  using client = new HttpClient(poweb);
  const { body: authorization } = await client.post('/v1/pre-registrations', {
    headers: { 'content-type': 'text/plain' },
    body: preRegistrationBody(phone),
  });
  const request = { publicKey: phone.spki, authorization };
  const answer = await client.post('/v1/nodes', {
    headers: { 'content-type': 'application/vnd.awala.node-registration.request' },
    body: await serialiseRegistrationRequest(request, phone.sign),
  });
  return answer.status;
}
