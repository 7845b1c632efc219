import type { ManualClock } from '#clock/manual-clock.ts';
import type { CargoDelivery } from '#services/cogrpc/service-definitions.ts';
import { authorizationOf, type CallEnd, type Courier } from '#test/peers/courier.ts';

/** How a courier is connected, by the clock of the test. */
export interface Link {
  readonly clock: ManualClock;
  readonly octetsPerSecond: number;
  /** Between a cargo's last octet and the gateway's hearing of its acknowledgement. */
  readonly latencyMs: number;
  /** The courier hangs up after this long. */
  readonly deadlineMs: number;
}

/** What came of a call. */
interface SlowCall {
  /** The cargoes that came before the deadline, each acknowledged on receipt. */
  readonly deliveries: readonly CargoDelivery[];
  readonly end: CallEnd;
}

/** So far the test's clock is ahead, since gRPC has a deadline pass by the system's. */
const AHEAD_MS = 60_000;

/**
 * Collects over a link that takes its time by the test's clock, which is put ahead
 * of the system's: no real time passes but for the work, which may take a minute.
 */
export async function collectSlowly(courier: Courier, cca: Buffer, link: Link): Promise<SlowCall> {
  const { clock } = link;
  const nowMs = () => clock.now().getTime();
  clock.advance(Math.max(0, Date.now() + AHEAD_MS - nowMs()));
  const deadline = nowMs() + link.deadlineMs;
  const stream = courier.collect([authorizationOf(cca)], { deadlineMs: deadline - Date.now() });
  let end: CallEnd | null = null;
  void stream.ended.then((how) => {
    end = how;
  });
  const deliveries: CargoDelivery[] = [];
  for (;;) {
    while (!end && stream.received.length === deliveries.length) {
      await turns();
      clock.advance(1);
    }
    const delivery = stream.received[deliveries.length];
    if (!delivery) {
      return { deliveries, end: await stream.ended };
    }
    const arrivesInMs = (delivery.cargo.length / link.octetsPerSecond) * 1_000 + link.latencyMs;
    if (nowMs() + arrivesInMs > deadline) {
      stream.call.cancel();
      clock.advance(Math.max(0, deadline - nowMs()));
      return { deliveries, end: await stream.ended };
    }
    clock.advance(Math.ceil(arrivesInMs));
    deliveries.push(delivery);
    stream.send({ id: delivery.id });
  }
}

/** Lets what is ready happen, sockets included. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
