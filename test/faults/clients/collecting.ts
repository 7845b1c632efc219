import { signNonce } from '#test/builders/peers.ts';
import { AndroidCollector } from '#test/end-to-end/support/android-collector.ts';
import { Collector } from '#test/end-to-end/support/collector.ts';
import type { Answer } from '../answers.ts';
import type { Load } from './load.ts';
import type { LoadPhone } from './load-phone.ts';
import { patiently, SilenceError } from './patience.ts';

const UPON_COMPLETION = { 'x-awala-streaming-mode': 'close-upon-completion' };

/** Stays connected as Android does. What ends its collection for good is a change of network away from the next. */
export function stayConnected(load: Load, phone: LoadPhone): void {
  const { ledger, answers, signal } = load;
  const record = (answer: Answer, detail: string) =>
    answers.record('collect', performance.now(), answer, detail);
  load.repeat(async () => {
    await using collector = new AndroidCollector(load.port('collection'), {
      answerChallenge: (nonce) => signNonce(nonce, phone.peer),
      onParcel(parcel) {
        ledger.handOver(load.idOf(parcel), phone.nodeId);
        record('served', 'a delivery');
      },
      onEnd: ({ reason }) => record(answerAtEnd(reason), reason),
    });
    const leave = () => void collector[Symbol.asyncDispose]();
    signal.addEventListener('abort', leave, { once: true });
    await collector.over;
    signal.removeEventListener('abort', leave);
    return false;
  });
}

/** Comes for what there is, goes, and comes back. */
export function comeAndGo(load: Load, phone: LoadPhone): void {
  load.repeat(async () => {
    await visit(load, phone);
    return false;
  });
}

async function visit(load: Load, phone: LoadPhone): Promise<void> {
  const { ledger, answers, signal } = load;
  using collector = new Collector(load.port('collection'), { headers: UPON_COMPLETION });
  const leave = () => collector[Symbol.dispose]();
  signal.addEventListener('abort', leave, { once: true });
  let askedAtMs = performance.now();
  const record = (answer: Answer, detail: string) => {
    if (!signal.aborted) {
      answers.record('collect', askedAtMs, answer, detail);
    }
  };
  try {
    const nonce = await patiently(collector.challenge());
    collector.respond([await signNonce(nonce, phone.peer)]);
    askedAtMs = performance.now();
    for (;;) {
      // As deployed clients do, for as long as the connection lives.
      const delivery = await collector.nextOrNull();
      if (!delivery) {
        break;
      }
      ledger.handOver(load.idOf(delivery.parcel), phone.nodeId);
      collector.acknowledge(delivery);
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
