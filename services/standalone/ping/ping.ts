import { randomBytes } from 'node:crypto';
import type { Clock } from '#clock/clock.ts';
import { handling } from '../installation.ts';
import { AWALA_SERVICES, type ServiceName } from '../reach/awala-services.ts';
import { connect } from '../reach/connect.ts';
import { ReachError } from '../reach/reach-error.ts';
import { bareHost } from '../reach/url-host.ts';
import { takeAppsRoad } from './apps-road.ts';
import { takeCouriersRoad } from './couriers-road.ts';
import { type RegisteredPhone, registerPhone, takePhonesRoad } from './phones-road.ts';
import type { ReceiverTarget } from './receiver.ts';
import { takeReceiversRoad } from './receivers-road.ts';
import { findRoad, type Locator, type Road } from './road.ts';
import { StepFailedError, Steps } from './steps.ts';

const PAYLOAD_OCTETS = 1024;

/** What to ping. */
export interface PingTarget {
  /** The gateway, in a word. */
  readonly name: string;
  /** The Internet address that the gateway must have; null if any will do. */
  readonly address: string | null;
  readonly locator: Locator;
  /** Whether it is on this machine, without the DNS. */
  readonly isHere: boolean;
  /** Services not to try. */
  readonly without: readonly Exclude<ServiceName, 'phones'>[];
  /** Null without one to be tried. */
  readonly receiver: ReceiverTarget | null;
}

interface PingParts {
  readonly print: (line: string) => void;
  readonly clock: Clock;
}

/**
 * The operator's smoke test: registers a throw-away phone with a running gateway, and sends parcels
 * to and from it by every road: PoWeb, courier, PoHTTP, and out to the Internet. A road that fails
 * keeps none of the others from being tried.
 *
 * @returns the steps that failed, none if all is well
 */
export async function ping(
  target: PingTarget,
  { print, clock }: PingParts,
): Promise<readonly StepFailedError[]> {
  const journey = new Journey(target, new Steps(print), clock);
  print(`Pinging the gateway at ${target.name}`);
  const absent = target.isHere ? await whyNobodyHere(target, clock) : null;
  if (absent !== null) {
    print(`✗ ${absent.message}`);
    return [absent];
  }
  await using registered = await journey.trying(() => journey.phones());
  await journey.trying(() => journey.couriers(registered));
  await journey.trying(() => journey.apps(registered));
  await journey.trying(() => journey.receiver(registered));
  return journey.finish(print);
}

/** Whether every port of the gateway is closed: then there is one thing to say, and not three. */
async function whyNobodyHere(
  { locator, without }: PingTarget,
  clock: Clock,
): Promise<StepFailedError | null> {
  const services = (Object.keys(AWALA_SERVICES) as ServiceName[]).filter(
    (service) => service === 'phones' || !without.includes(service),
  );
  const looked = await Promise.all(
    services.map(async (service) => {
      const { host, port } = await locator.locate(service);
      const server = { host: bareHost(host), port, useTls: false, protocols: [] };
      const isRefused = await connect(server, { clock, addressesOf: locator.addressesOf(service) })
        .then(() => false)
        .catch((error) => error instanceof ReachError && error.reason === 'refused');
      return { port, isRefused };
    }),
  );
  if (looked.some(({ isRefused }) => !isRefused)) {
    return null;
  }
  const ports = [...new Set(looked.map(({ port }) => port))].sort((one, other) => one - other);
  const { start, settings } = handling();
  // What is not set up does not start, and systemd says nothing of it.
  const otherwise = settings === null ? '' : '; sudo awala-gateway doctor says what keeps it';
  return new StepFailedError(
    'No gateway runs here',
    `nobody listens on port ${ports.join(', ')}. Start one: ${start}${otherwise}`,
  );
}

class Journey {
  readonly #target: PingTarget;
  readonly #steps: Steps;
  readonly #clock: Clock;
  readonly #failures: StepFailedError[] = [];

  constructor(target: PingTarget, steps: Steps, clock: Clock) {
    this.#target = target;
    this.#steps = steps;
    this.#clock = clock;
  }

  /** @returns null if a step failed */
  async trying<Result>(road: () => Promise<Result>): Promise<Result | null> {
    try {
      return await road();
    } catch (error) {
      if (!(error instanceof StepFailedError)) {
        throw error;
      }
      this.#failures.push(error);
      return null;
    }
  }

  /** @returns the phone, if it could register */
  async phones(): Promise<RegisteredPhone> {
    const road = await this.#find('phones');
    const parts = { ...this.#parts, road, address: this.#target.address };
    const registered = await registerPhone(this.#steps, parts);
    await this.trying(() => takePhonesRoad(this.#steps, registered, parts));
    return registered;
  }

  async couriers(registered: RegisteredPhone | null): Promise<void> {
    const road = await this.#findOrSkip('couriers', registered);
    if (road && registered) {
      await takeCouriersRoad(this.#steps, { ...registered, ...this.#parts, road });
    }
  }

  async apps(registered: RegisteredPhone | null): Promise<void> {
    const road = await this.#findOrSkip('apps', registered);
    if (road && registered) {
      await takeAppsRoad(this.#steps, { ...this.#parts, registered, road });
    }
  }

  async receiver(registered: RegisteredPhone | null): Promise<void> {
    const { receiver } = this.#target;
    if (!receiver) {
      this.#steps.skip('posting to Internet apps', 'name a receiver (--receiver)');
    } else if (registered) {
      await takeReceiversRoad(this.#steps, { ...this.#parts, registered, target: receiver });
    }
  }

  finish(print: (line: string) => void): readonly StepFailedError[] {
    if (this.#failures.length === 0) {
      print(`The gateway relays parcels (${this.#steps.totalMs} ms in all).`);
    }
    for (const failure of this.#failures) {
      print(`Failed at: ${failure.message}`);
    }
    return this.#failures;
  }

  get #parts() {
    return { payload: randomBytes(PAYLOAD_OCTETS), clock: this.#clock };
  }

  #find(service: ServiceName): Promise<Road> {
    return findRoad(this.#steps, service, { locator: this.#target.locator, clock: this.#clock });
  }

  /** Even without a phone, says whether the service is to be had. */
  async #findOrSkip(
    service: Exclude<ServiceName, 'phones'>,
    registered: RegisteredPhone | null,
  ): Promise<Road | null> {
    if (this.#target.without.includes(service)) {
      return null;
    }
    const road = await this.#find(service);
    if (!registered) {
      const { seekers } = AWALA_SERVICES[service];
      this.#steps.skip(`parcels of ${seekers}`, 'that takes a phone that registered');
    }
    return road;
  }
}
