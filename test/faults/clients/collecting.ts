import { signNonce } from '#test/builders/peers.ts';
import { AndroidCollector } from '#test/peers/android-collector.ts';
import { Collector } from '#test/peers/collector.ts';
import type { Phone } from '#test/peers/phone.ts';
import type { Answer } from '../answers.ts';
import type { HandOver } from '../repeats.ts';
import type { Load } from './load.ts';
import { patiently, SilenceError } from './patience.ts';

const CUT = 1006;
/** Closed with a code by the gateway. */
const CLOSED = /^closed with (?!1006)/;

const UPON_COMPLETION = { 'x-awala-streaming-mode': 'close-upon-completion' };

/** The parcels that arrived on one connection. */
class Handed {
  readonly #handOvers = new Map<Uint8Array, HandOver>();

  add(parcel: Uint8Array, handOver: HandOver): void {
    this.#handOvers.set(parcel, handOver);
  }

  acknowledged(parcel: Uint8Array): void {
    const handOver = this.#handOvers.get(parcel);
    if (handOver) {
      handOver.acknowledgedAtMs = performance.now();
    }
  }

  /** @param isCut - whether the connection ended without a code */
  ended(isCut: boolean): void {
    for (const handOver of this.#handOvers.values()) {
      handOver.cutAtMs = isCut ? performance.now() : null;
    }
    this.#handOvers.clear();
  }
}

/** Stays connected as Android does. After an end for good it starts anew, as if the network had changed. */
export function stayConnected(load: Load, phone: Phone): void {
  const { ledger, answers, signal } = load;
  const record = (answer: Answer, detail: string) =>
    answers.record('collect', performance.now(), answer, detail);
  load.repeat(async () => {
    const handed = new Handed();
    await using collector = new AndroidCollector(load.port('collection'), {
      answerChallenge: (nonce) => signNonce(nonce, phone.phone),
      onParcel(parcel) {
        handed.add(
          parcel,
          ledger.handOver(load.idOf(parcel), phone.phone.nodeId, { by: 'WebSocket' }),
        );
        record('served', 'a delivery');
      },
      onAcknowledged: (parcel) => handed.acknowledged(parcel),
      onEnd({ reason }) {
        handed.ended(!CLOSED.test(reason));
        record(answerAtEnd(reason), reason);
      },
    });
    const leave = () => void collector[Symbol.asyncDispose]();
    signal.addEventListener('abort', leave, { once: true });
    await collector.over;
    signal.removeEventListener('abort', leave);
    return false;
  });
}

/** Collects what is held, leaves, and comes back. */
export function comeAndGo(load: Load, phone: Phone): void {
  load.repeat(async () => {
    await visit(load, phone);
    return false;
  });
}

async function visit(load: Load, phone: Phone): Promise<void> {
  const { ledger, answers, signal } = load;
  using collector = new Collector(load.port('collection'), { headers: UPON_COMPLETION });
  const leave = () => collector[Symbol.dispose]();
  signal.addEventListener('abort', leave, { once: true });
  const handed = new Handed();
  void collector.closed.then(({ code }) => handed.ended(code === CUT));
  let askedAtMs = performance.now();
  const record = (answer: Answer, detail: string) => {
    if (!signal.aborted) {
      answers.record('collect', askedAtMs, answer, detail);
    }
  };
  try {
    const nonce = await patiently(collector.challenge());
    collector.respond([await signNonce(nonce, phone.phone)]);
    askedAtMs = performance.now();
    for (;;) {
      // Waits as long as the connection lives, like deployed clients.
      const delivery = await collector.nextOrNull();
      if (!delivery) {
        break;
      }
      const { parcel } = delivery;
      handed.add(
        parcel,
        ledger.handOver(load.idOf(parcel), phone.phone.nodeId, { by: 'WebSocket' }),
      );
      collector.acknowledge(delivery);
      handed.acknowledged(parcel);
      record('served', 'a delivery');
      askedAtMs = performance.now();
    }
    const { code } = await collector.closed;
    askedAtMs = performance.now();
    record(answerOf(code), `closed with ${code}`);
  } catch (error) {
    record(error instanceof SilenceError ? 'silent' : 'cut', String(error));
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function answerAtEnd(reason: string): Answer {
  const [, code] = /^closed with (\d+)$/.exec(reason) ?? [];
  if (code !== undefined) {
    return answerOf(Number(code));
  }
  const [, status] = /response: (\d+)$/.exec(reason) ?? [];
  if (status !== undefined) {
    return status === '503' ? 'later' : 'blamed';
  }
  return /timed out|pong/.test(reason) ? 'silent' : 'cut';
}

function answerOf(closeCode: number): Answer {
  switch (closeCode) {
    case 1000:
      return 'served';
    case 1011:
    case 4000:
      return 'later';
    case 1006:
      return 'cut';
    default:
      return 'blamed';
  }
}
