import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { serialiseMessage } from '#awala/ramf/message-writer.ts';
import type { SessionKeyPair } from '#awala/sessions/session-key.ts';
import { CARGO_PREFIX, cargoKey } from '#gateway/held/object-keys.ts';
import { CargoUnpacking } from '#gateway/intake/cargo-unpacking.ts';
import { cargoFrom, type Peer } from '#test/builders/peers.ts';
import type { Job } from '#work-queue/port.ts';
import { OpenedGateway, OWN_ADDRESS } from '../workers/opened-gateway.ts';

/** A gateway with one worker, which is given its jobs by hand. */
export class UnpackingSetting implements AsyncDisposable {
  readonly opened: OpenedGateway;
  readonly #unpacking: CargoUnpacking;

  private constructor(opened: OpenedGateway) {
    this.opened = opened;
    this.#unpacking = new CargoUnpacking({ ...opened, ...opened.gateway }, { itemConcurrency: 4 });
  }

  static async open(): Promise<UnpackingSetting> {
    return new UnpackingSetting(await OpenedGateway.open());
  }

  /** Packs a cargo as `phone` does. */
  async pack(
    messages: readonly Uint8Array[],
    { from = this.opened.phone, senderKey }: { from?: Peer; senderKey?: SessionKeyPair } = {},
  ): Promise<Uint8Array> {
    const { us, clock, gateway } = this.opened;
    return cargoFrom(from, {
      messages,
      recipient: { id: us.nodeId, internetAddress: OWN_ADDRESS },
      recipientKey: await gateway.sessionKeys.registrationKey(from.nodeId),
      createdAt: clock.now(),
      ...(senderKey && { senderKey }),
    });
  }

  /** A cargo whose payload is not as it should be. */
  packPayload(payload: Uint8Array, from = this.opened.phone): Promise<Uint8Array> {
    const { us, clock } = this.opened;
    return serialiseMessage({
      type: 'cargo',
      id: randomUUID(),
      recipient: { id: us.nodeId },
      createdAt: clock.now(),
      ttlSeconds: 3_600,
      payload,
      sender: from.certificate,
      attachedCertificates: from.issuers,
      sign: from.sign,
    });
  }

  /** Stores a cargo as the intake does. */
  async store(cargo: Uint8Array, sender: Peer = this.opened.phone): Promise<string> {
    const cargoId = createHash('sha256').update(cargo).digest('hex');
    const key = cargoKey({ sender: sender.nodeId, cargoId });
    const expiresAt = new Date(this.opened.clock.now().getTime() + 3_600_000);
    await this.opened.objects.put(key, cargo, { expiresAt });
    return key;
  }

  handle(key: string, signal = new AbortController().signal): Promise<void> {
    const job: Job = { key, attempt: 1, expiresAt: null, signal, isHeld: () => true };
    return this.#unpacking.handle(job);
  }

  async unpack(messages: readonly Uint8Array[], from?: Peer): Promise<void> {
    const cargo = await this.pack(messages, from ? { from } : {});
    await this.handle(await this.store(cargo, from));
  }

  /** Asserts that the cargo is set aside for that reason, and stays stored. */
  async assertSetAside(cargo: Uint8Array, reason: string, sender?: Peer): Promise<void> {
    const key = await this.store(cargo, sender);
    await assert.rejects(this.handle(key), { code: 'POISON_JOB' });
    assert.deepEqual(this.opened.metrics.counts, { [`cargoRefused ${reason}`]: 1 });
    assert.deepEqual(await this.opened.keys(CARGO_PREFIX), [key]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.opened[Symbol.asyncDispose]();
  }
}
