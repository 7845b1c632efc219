import { constants, type ServerHttp2Stream } from 'node:http2';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { RefusalCode } from '#awala/errors.ts';
import type { DividedBudget } from '#bounds/divided-budget.ts';
import type { Who } from '#bounds/fair-shares.ts';
import { Recent } from '#bounds/recent.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
import { refusedWith } from './answers.ts';
import { streamOf, watchOctets } from './call-stream.ts';
import { type AdmissionLimits, admitDelivery } from './delivery-admission.ts';
import { type CogrpcLimits, MAX_SMALL_MESSAGE_OCTETS } from './limits.ts';
import { MessageMeter } from './message-meter.ts';

interface BoundedCallsParts {
  readonly clientNetworks: ClientNetworks;
  readonly clock: Clock;
  readonly log: Log;
  /** For arriving cargo, in octets. */
  readonly deliveryMemory: DividedBudget;
  readonly limits: AdmissionLimits &
    Pick<
      CogrpcLimits,
      'maxHealthRequests' | 'maxEndingCalls' | 'messageTimeoutMs' | 'endTimeoutMs'
    >;
}

/** Whose connection is closed already. */
const GONE: Who = ['gone'];

const CRUMBLED = 'The message comes in too many pieces';

type Method = Parameters<ServerInterceptor>[0];
type Refuse = (code: RefusalCode, message: string) => void;

/**
 * Limits what calls can hold beyond grpc-js's own limits: messages that never become complete,
 * requests that never end, and calls whose peer does not acknowledge their end.
 *
 * Counts the memory of cargo as it arrives; all other messages must be small, uncompressed and soon
 * complete. Must be the first interceptor.
 */
export function boundCalls(parts: BoundedCallsParts): ServerInterceptor {
  const { clock, log, limits, clientNetworks, deliveryMemory: memory } = parts;
  const requests = new Recent(limits.maxHealthRequests);
  const ending = new Recent(limits.maxEndingCalls);
  return (method, call) => {
    const stream = streamOf(call);
    endWithoutPeer(stream, ending, clock, limits.endTimeoutMs);
    const refuse: Refuse = (code, message) => {
      if (stream.writableEnded || stream.closed) {
        return;
      }
      const name = method.path.split('/').at(-1);
      log.info({ method: name, reason: code, detail: message }, 'Refused a message of a call');
      call.sendStatus(refusedWith(code, message));
    };
    if (method.path.endsWith('/DeliverCargo')) {
      const socket = stream.session?.socket;
      return admitDelivery(call, stream, {
        who: socket ? clientNetworks.pathOfConnection(socket) : GONE,
        clock,
        limits,
        memory,
        onCrumbled: () => refuse('message-crumbled', CRUMBLED),
        onTooSlow: () => refuse('message-overdue', 'The cargo comes too slowly'),
        giveWay: () => refuse('calls-full', 'Others wait for the memory; try again later'),
      });
    }
    new SmallMessages(refuse, clock, limits.messageTimeoutMs).watch(stream, method);
    if (!method.requestStream) {
      const leave = requests.enter(() => refuse('requests-full', 'Too many requests'));
      stream.once('end', leave);
      stream.once('close', leave);
    }
    return new ServerInterceptingCall(call);
  };
}

/** Ends a call whose messages are too large or too late. */
class SmallMessages {
  readonly #refuse: Refuse;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #cancelTimeout: (() => void) | null = null;

  constructor(refuse: Refuse, clock: Clock, timeoutMs: number) {
    this.#refuse = refuse;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  watch(stream: ServerHttp2Stream, { requestStream }: Method): void {
    const meter = new MessageMeter({
      onBegin: ({ octets, isCompressed }) => {
        if (octets > MAX_SMALL_MESSAGE_OCTETS) {
          this.#refuse('message-too-large', 'The message is too large for this method');
        } else if (isCompressed) {
          this.#refuse('message-compressed', 'Messages of this method must not be compressed');
        }
      },
      onComplete: () => this.#expect(!requestStream),
      onCrumbled: () => this.#refuse('message-crumbled', CRUMBLED),
    });
    watchOctets(stream, (chunk) => {
      meter.take(chunk);
      this.#expect(meter.isAmidMessage || !requestStream);
    });
    stream.once('end', () => this.#expect(false));
    stream.once('close', () => this.#expect(false));
    this.#expect(!requestStream);
  }

  /** @param isMore - whether the peer must send something now */
  #expect(isMore: boolean): void {
    if (!isMore) {
      this.#cancelTimeout?.();
      this.#cancelTimeout = null;
    } else {
      this.#cancelTimeout ??= this.#clock.schedule(this.#timeoutMs, () =>
        this.#refuse('message-overdue', 'The message was not complete in time'),
      );
    }
  }
}

/** Gives a peer some time to end its side after our last word; less if many do not. */
function endWithoutPeer(
  stream: ServerHttp2Stream,
  ending: Recent,
  clock: Clock,
  timeoutMs: number,
): void {
  stream.once('finish', () => {
    const close = () => stream.close(constants.NGHTTP2_NO_ERROR);
    const leave = ending.enter(close);
    const cancel = clock.schedule(timeoutMs, close);
    stream.once('close', () => {
      cancel();
      leave();
    });
  });
}
