import { ManualClock } from '#clock/manual-clock.ts';
import type { GatewayPorts } from '#gateway/gateway.ts';
import { holderName } from '#gateway/held/object-keys.ts';
import { createLog } from '#runtime/logging.ts';
import { type Identity, identity, type Peer } from '#test/builders/peers.ts';
import { type Road, roadUnder } from '#test/builders/road.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { type RunningGateway, startGateway } from '#test/interop/support/running-gateway.ts';
import { until, whileTimePasses } from '#test/runtime/until.ts';

/** When every gateway under test starts. */
export const START = new Date('2026-03-01T12:00:00Z');

/** A resolver that does not answer, so that no parcel leaves this machine. */
const NOWHERE = 'https://127.0.0.1:9/';

const DAY_MS = 86_400_000;

/**
 * A whole gateway on its own ports. Its clock stands still until the test moves it, and the test holds
 * its key, to issue certificates that the gateway never would.
 */
export class GatewayUnderTest implements AsyncDisposable {
  readonly clock: ManualClock;
  /** Log entries so far, as lines of JSON. */
  readonly logged: readonly string[];
  readonly running: RunningGateway;
  /** The gateway as the issuer of its phones' certificates. */
  readonly us: Peer;
  #parcels = 0;

  private constructor(parts: Pick<GatewayUnderTest, 'clock' | 'logged' | 'running' | 'us'>) {
    this.clock = parts.clock;
    this.logged = parts.logged;
    this.running = parts.running;
    this.us = parts.us;
  }

  /** @param environment - configuration variables that differ from the defaults */
  static async start(
    given: Partial<GatewayPorts> & { readonly clock?: ManualClock } = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<GatewayUnderTest> {
    const { clock = new ManualClock(START) } = given;
    const logged: string[] = [];
    const log = createLog(
      { level: 'debug', format: 'json' },
      { write: (line) => void logged.push(line) },
    );
    const us = identity('us');
    const ports = { log, vault: new MemoryVault(us), ...given, clock };
    const running = await startGateway(ports, { DOH_URL: NOWHERE, ...environment });
    const certificate = await running.gateway.identity.currentCertificate();
    const peer = { ...us, certificate, issuers: [] };
    return new GatewayUnderTest({ clock, logged, running, us: peer });
  }

  get poweb(): number {
    return this.running.listening.poweb;
  }

  get pohttp(): number {
    return this.running.listening.pohttp;
  }

  /** A phone, an endpoint behind it, and a sender that the endpoint authorised. */
  road(phoneName?: string): Promise<Road> {
    return roadUnder(this.us, this.clock.now(), phoneName);
  }

  /** Puts arbitrary octets into a phone's mailbox, as if they were an accepted parcel. */
  async hold(phone: Identity, { octets = 100 } = {}): Promise<void> {
    const parcelId = `parcel ${this.#parcels++}`;
    const parcel = { privateGateway: phone.nodeId, recipient: 'r', sender: 's', parcelId };
    const expiresAt = new Date(this.clock.now().getTime() + DAY_MS);
    await this.#mailbox.store(parcel, Buffer.alloc(octets, parcelId), expiresAt);
  }

  /** Holds so many that a phone sent, for others. */
  async holdSentBy(phone: Identity, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const parcelId = `parcel ${this.#parcels++}`;
      const other = { privateGateway: `0${'f'.repeat(64)}`, recipient: 'r', sender: 's', parcelId };
      const expiresAt = new Date(this.clock.now().getTime() + DAY_MS);
      const holder = holderName(phone.nodeId, 'sent');
      await this.#mailbox.store(other, Buffer.alloc(100, parcelId), expiresAt, { holder });
    }
  }

  /** How many parcels a phone's mailbox holds. */
  async heldFor(phone: Identity): Promise<number> {
    return (await Array.fromAsync(this.#mailbox.list(phone.nodeId))).length;
  }

  /** Resolves once a phone's mailbox is empty. */
  untilEmpty(phone: Identity): Promise<void> {
    return until(async () => (await this.heldFor(phone)) === 0);
  }

  get #mailbox() {
    return this.running.gateway.mailbox;
  }

  /**
   * Lets time pass in steps of a second.
   *
   * @param eachSecond - called after each step; resolves when its traffic is over
   */
  async pass(seconds: number, eachSecond: () => Promise<void>): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1_000);
      await eachSecond();
    }
  }

  /** The entries of a level, such as `error`. */
  loggedAt(level: string): readonly string[] {
    return this.logged.filter((line) => JSON.parse(line).level === level);
  }

  /** Drains, and lets time pass meanwhile, so that remaining clients cannot hold it up. */
  [Symbol.asyncDispose](): Promise<void> {
    return whileTimePasses(this.clock, this.running[Symbol.asyncDispose]());
  }
}
