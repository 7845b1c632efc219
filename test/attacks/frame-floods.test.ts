import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, NETWORKS } from './attacker.ts';
import { Flood } from './flood.ts';
import { callHeaders, FRAME, field, frame, PREFACE } from './http2-frames.ts';

const DELIVER = '/awala.cogrpc.CargoRelay/DeliverCargo';
const MISSING = '/awala.cogrpc.CargoRelay/Nothing';
const CANCEL = Buffer.of(0, 0, 0, 8);
const ONE = Buffer.of(0, 0, 0, 1);
const TIMES = 20;
const VISITS = 4;

/** A frame, or what `made` makes for each of twenty streams that were not used. */
function twenty(turn: number, made: (stream: number) => Uint8Array): Buffer {
  const streams = Array.from({ length: TIMES }, (_, index) => 2 * (TIMES * turn + index) + 1);
  return Buffer.concat(streams.map(made));
}

/** What somebody may send to CogRPC without end, by what it is, after a greeting. */
const FLOODS: Readonly<
  Record<string, { readonly first?: Uint8Array; readonly again: (turn: number) => Uint8Array }>
> = {
  'pings that want to be answered': {
    again: (turn) => twenty(turn, () => frame(FRAME.ping, 0, { payload: Buffer.alloc(8) })),
  },
  'settings that want to be answered': {
    again: (turn) => twenty(turn, () => frame(FRAME.settings, 0)),
  },
  'calls that are reset at once': {
    again: (turn) =>
      twenty(turn, (stream) =>
        Buffer.concat([
          callHeaders(stream, DELIVER),
          frame(FRAME.resetStream, stream, { payload: CANCEL }),
        ]),
      ),
  },
  'calls of methods that there are not': {
    again: (turn) => twenty(turn, (stream) => callHeaders(stream, MISSING)),
  },
  'headers that do not end': {
    first: callHeaders(1, DELIVER, false),
    again: (turn) => twenty(turn, () => frame(FRAME.continuation, 1, { payload: field('a', 'b') })),
  },
  'frames of a call without octets': {
    first: callHeaders(1, DELIVER),
    again: (turn) => twenty(turn, () => frame(FRAME.data, 1)),
  },
  'frames of a call with nothing but padding': {
    first: callHeaders(1, DELIVER),
    again: (turn) =>
      twenty(turn, () =>
        frame(FRAME.data, 1, {
          flags: 8,
          payload: Buffer.concat([Buffer.of(99), Buffer.alloc(99)]),
        }),
      ),
  },
  'windows that grow octet by octet': {
    again: (turn) => twenty(turn, () => frame(FRAME.windowUpdate, 0, { payload: ONE })),
  },
  'priorities of streams': {
    again: (turn) =>
      twenty(turn, (stream) => frame(FRAME.priority, stream, { payload: Buffer.alloc(5) })),
  },
  'frames that nobody knows': {
    again: (turn) => twenty(turn, () => frame(FRAME.unknown, 0, { payload: Buffer.alloc(100) })),
  },
};

describe('Couriers deliver while a stranger floods CogRPC with', () => {
  for (const [what, { first = Buffer.alloc(0), again }] of Object.entries(FLOODS)) {
    for (const [reads, how] of [
      [true, ''],
      [false, ', and reads no answer'],
    ] as const) {
      it(`${what}${how}`, async () => {
        await using opened = await openCogrpc();
        const phone = await CargoPhone.register(opened);
        for (const [, from] of NETWORKS) {
          const greeting = Buffer.concat([PREFACE, first]);
          await using flood = Flood.begin({ port: opened.port, from, greeting, again, reads });
          await assertServed(
            VISITS,
            async () => {
              using courier = new Courier(opened.port);
              return (await courier.deliverAll([await phone.cargo()])).end.code === status.OK;
            },
            () => until(() => flood.sent > 0),
          );
        }
        await until(() => opened.server.calls + opened.deliveryBudget.held === 0);
      });
    }
  }
});
