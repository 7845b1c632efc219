import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { signNonce } from '#test/builders/peers.ts';
import { AndroidCollector } from '#test/peers/android-collector.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { Phone, postingOf } from '#test/peers/phone.ts';

const RETRY_MS = 100;
/** Between parcels. */
const PACE_MS = 5;
const LOOK_EVERY_MS = 20;
const ACCEPTED = 202;

interface Member {
  readonly phone: Phone;
  readonly collector: AndroidCollector;
  readonly received: Set<string>;
  readonly sent: Set<string>;
}

/** Many Android phones that keep collecting, and somebody who writes to all of them. */
export class Fleet implements AsyncDisposable {
  readonly #port: number;
  readonly #members: Member[] = [];
  #sending: Promise<void> | null = null;
  #isSending = false;

  /** @param port - of PoWeb and collection */
  constructor(port: number) {
    this.#port = port;
  }

  /** Registers phones, which begin to collect. */
  async enlist(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const phone = await Phone.register(this.#port, `phone ${index}`);
      const received = new Set<string>();
      const collector = new AndroidCollector(this.#port, {
        answerChallenge: (nonce) => signNonce(nonce, phone.phone),
        onParcel: (parcel) => received.add(nameOf(parcel)),
      });
      this.#members.push({ phone, collector, received, sent: new Set() });
    }
  }

  /** Why phones do not collect any more and never will, each reason with how many it ended. */
  get lost(): Readonly<Record<string, number>> {
    const reasons = this.#members.flatMap(({ collector }) => collector.lostTo ?? []);
    return Object.fromEntries(
      Object.entries(Object.groupBy(reasons, (reason) => reason)).map(([reason, all]) => [
        reason,
        all?.length ?? 0,
      ]),
    );
  }

  /** How connections ended so far, each way once. */
  get endings(): readonly string[] {
    const reasons = this.#members.flatMap(({ collector }) => collector.ends);
    return [...new Set(reasons.map(({ reason }) => reason))].sort();
  }

  /** Resolves once all phones collect that are not lost. */
  async untilCollecting(signal: AbortSignal): Promise<void> {
    await this.#until(
      ({ collector }) => collector.isCollecting || collector.lostTo !== null,
      signal,
    );
  }

  /** From now on phones get parcels, one after the other. */
  startSending(signal: AbortSignal): void {
    this.#isSending = true;
    this.#sending = this.#send(signal);
  }

  async stopSending(): Promise<number> {
    this.#isSending = false;
    await this.#sending;
    return this.#members.reduce((sum, { sent }) => sum + sent.size, 0);
  }

  /** Resolves once all that was accepted has arrived. */
  async untilArrived(signal: AbortSignal): Promise<void> {
    await this.#until(({ sent, received }) => sent.isSubsetOf(received), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopSending();
    await Promise.all(this.#members.map(({ collector }) => collector[Symbol.asyncDispose]()));
  }

  async #send(signal: AbortSignal): Promise<void> {
    using client = new HttpClient(this.#port);
    while (this.#isSending) {
      for (const member of this.#members) {
        if (this.#isSending) {
          await deliver(client, member, signal);
          await pause(PACE_MS, undefined, { signal });
        }
      }
    }
  }

  async #until(isMet: (member: Member) => boolean, signal: AbortSignal): Promise<void> {
    while (!this.#members.every(isMet)) {
      await pause(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}

/** Until it is accepted, however often it must be tried. */
async function deliver(client: HttpClient, { phone, sent }: Member, signal: AbortSignal) {
  const parcel = await phone.parcel();
  const posting = await postingOf(parcel, phone.phone);
  for (;;) {
    const answer = await client.post('/v1/parcels', posting).catch(() => null);
    if (answer?.status === ACCEPTED) {
      sent.add(nameOf(parcel));
      return;
    }
    await pause(RETRY_MS, undefined, { signal });
  }
}

function nameOf(parcel: Uint8Array): string {
  return createHash('sha256').update(parcel).digest('base64');
}
