import { randomUUID } from 'node:crypto';
import type { CargoDelivery, CargoDeliveryAck } from '#services/cogrpc/service-definitions.ts';
import { Courier, type CourierStream } from '#test/peers/courier.ts';
import { atMost, milliseconds, type Row } from '../report.ts';
import { ChildServer } from '../servers/child-server.ts';
import type { CogrpcInfo, CogrpcSettings } from '../servers/cogrpc.ts';

const CARGOES = 100;
const CARGO_OCTETS = 1_000_000;
const WARM_UP = 10;

/** From the first octet of a cargo to its acknowledgement, against writing as much to the same store. */
export async function run(): Promise<readonly Row[]> {
  const settings: CogrpcSettings = { held: null, isOneByOne: false, cargoOctets: CARGO_OCTETS };
  await using server = await ChildServer.start<CogrpcInfo>('./cogrpc.ts', settings);
  using courier = new Courier(server.info.port);
  const stream = courier.deliver();
  const delivered: number[] = [];
  const written: number[] = [];
  // By turns, so that what disturbs the disk disturbs both.
  for (let index = 0; index < WARM_UP + CARGOES; index++) {
    const cargo = Buffer.from(await server.perform<string>('cargo'), 'base64');
    delivered.push(await deliver(stream, cargo));
    written.push(await server.perform<number>('write'));
  }
  stream.call.end();
  const { code, details } = await stream.ended;
  if (code !== 0) {
    throw new Error(`the delivery ended with ${code}: ${details}`);
  }
  const acknowledgedMs = percentile99(delivered.slice(WARM_UP));
  const writtenMs = percentile99(written.slice(WARM_UP));
  return [
    {
      work: `DeliverCargo, ${CARGOES} cargoes of 1 MB, embedded store: p99 of acknowledgement`,
      peer: '',
      ours: milliseconds(acknowledgedMs),
      floor: milliseconds(writtenMs),
      requirements: [atMost('a bare durable write', acknowledgedMs / writtenMs, 3)],
    },
  ];
}

async function deliver(
  stream: CourierStream<CargoDelivery, CargoDeliveryAck>,
  cargo: Uint8Array,
): Promise<number> {
  const before = stream.received.length;
  const startMs = performance.now();
  stream.send({ id: randomUUID(), cargo });
  await stream.receivedAtLeast(before + 1);
  if (stream.received.length === before) {
    throw new Error('the call ended without an acknowledgement');
  }
  return performance.now() - startMs;
}

function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
