import { randomUUID } from 'node:crypto';
import type { CargoDelivery, CargoDeliveryAck } from '#services/cogrpc/service-definitions.ts';
import { Courier, type CourierStream } from '#test/peers/courier.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { percentile99, type Row } from '../rows/row.ts';
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
  const meter = new ProcessorMeter();
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
  const turn = {
    value: percentile99(delivered.slice(WARM_UP)),
    against: percentile99(written.slice(WARM_UP)),
    others: meter.others(),
  };
  return [
    {
      name: `DeliverCargo, ${CARGOES} cargoes of 1 MB, embedded store: p99 of acknowledgement`,
      unit: 'ms',
      against: 'a bare durable write',
      mark: 3,
      turns: [turn],
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
