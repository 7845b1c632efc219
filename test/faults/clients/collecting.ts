import { signNonce } from '#test/builders/peers.ts';
import { Collector } from '#test/end-to-end/support/collector.ts';
import type { Answer } from '../answers.ts';
import type { Load } from './load.ts';
import type { LoadPhone } from './load-phone.ts';
import { patiently, SilenceError } from './patience.ts';

const KEEP_ALIVE = { 'x-awala-streaming-mode': 'keep-alive' };
const UPON_COMPLETION = { 'x-awala-streaming-mode': 'close-upon-completion' };

/** Stays connected, and comes back whenever the connection ends. */
export function stayConnected(load: Load, phone: LoadPhone): void {
  load.repeat(async () => {
    await visit(load, phone, { headers: KEEP_ALIVE, isPatient: true });
    return false;
  });
}

/** Comes for what there is, goes, and comes back: must be told within its patience that there is no more. */
export function comeAndGo(load: Load, phone: LoadPhone): void {
  load.repeat(async () => {
    await visit(load, phone, { headers: UPON_COMPLETION, isPatient: false });
    return false;
  });
}

async function visit(
  load: Load,
  phone: LoadPhone,
  way: {
    readonly headers: Readonly<Record<string, string>>;
    /** Waits for arrivals for as long as there are none. */
    readonly isPatient: boolean;
  },
): Promise<void> {
  const { ledger, answers, signal } = load;
  using collector = new Collector(load.port('collection'), way);
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
      const next = collector.nextOrNull();
      const delivery = await (way.isPatient ? next : patiently(next));
      if (!delivery) {
        break;
      }
      ledger.handOver(load.idOf(delivery.parcel), phone.nodeId);
      collector.acknowledge(delivery);
      record('served', 'a delivery');
      askedAtMs = performance.now();
    }
    const { code } = await collector.closed;
    askedAtMs = way.isPatient ? performance.now() : askedAtMs;
    record(answerOf(code), `closed with ${code}`);
  } catch (error) {
    record(error instanceof SilenceError ? 'silent' : 'cut', String(error));
  } finally {
    signal.removeEventListener('abort', leave);
  }
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
