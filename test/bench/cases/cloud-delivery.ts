import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parseDelivery } from '#awala/collection/delivery.ts';
import { backing } from '#test/backing/backing.ts';
import { Collector } from '#test/peers/collector.ts';
import { Phone } from '#test/peers/phone.ts';
import { BenchCloud } from '../cloud/bench-cloud.ts';
import { startGcsTap } from '../cloud/gcs-tap.ts';
import { deliver, makeDeliveries } from '../deliveries.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { median, once, percentile99, type Row } from '../rows/row.ts';

const WARM_UP = 200;
const PARCELS = 500;
const PARCEL_OCTETS = 1_024;
const PAUSE_MS = 5;
/** As far away as a bucket in another zone: a parcel that had to be read would take as much longer. */
const CALL_DELAY_MS = 30;
const MAX_MEDIAN_MS = 5;
const MAX_P99_MS = 25;

/** From the moment a parcel is stored until the phone that is connected to collection has it. */
export async function run(): Promise<readonly Row[]> {
  await using cloud = await BenchCloud.start();
  await using tap = await startGcsTap((await backing('gcs')).address, CALL_DELAY_MS);
  const poweb = await cloud.service('poweb', { GCS_ENDPOINT: tap.origin });
  const collection = await cloud.service('collection', { GCS_ENDPOINT: tap.origin });
  const phone = await Phone.register(poweb.port);
  using collector = await Collector.open(collection.port, [phone.phone]);
  const agent = new Agent({ keepAlive: true });
  const meter = new ProcessorMeter();
  const delaysMs: number[] = [];
  for (const delivery of await makeDeliveries(phone, WARM_UP + PARCELS, PARCEL_OCTETS)) {
    const received = nextReceived(collector);
    await deliver(poweb.port, agent, delivery);
    delaysMs.push((await received) - tap.storedAtMs);
    await pause(PAUSE_MS);
  }
  const others = meter.others();
  agent.destroy();
  const measured = delaysMs.slice(WARM_UP);
  const name = `a parcel of 1 KiB to a connected collector, stored → received, calls to the store taking ${CALL_DELAY_MS} ms`;
  return [
    {
      name: `${name}: median`,
      unit: 'ms',
      against: null,
      mark: MAX_MEDIAN_MS,
      turns: once(median(measured), others),
    },
    {
      name: `${name}: p99`,
      unit: 'ms',
      against: null,
      mark: MAX_P99_MS,
      turns: once(percentile99(measured), others),
    },
  ];
}

/** Acknowledges the next delivery. @returns when it came, on the clock of `performance.now()` */
function nextReceived({ socket }: Collector): Promise<number> {
  return new Promise((resolve) => {
    socket.once('message', (frame: Buffer) => {
      resolve(performance.now());
      socket.send(parseDelivery(frame).deliveryId);
    });
  });
}
