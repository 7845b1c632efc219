import { createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Cargo, CargoMessageSet, Parcel } from '@relaycorp/relaynet-core';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { SessionKeyPair } from '#awala/sessions/session-key.ts';
import { systemClock } from '#clock/clock.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { cargoKey } from '#gateway/held/object-keys.ts';
import { PeerSessionKeys } from '#gateway/identity/sessions/peer-session-keys.ts';
import { SessionKeys } from '#gateway/identity/sessions/session-keys.ts';
import { CargoUnpacking } from '#gateway/intake/cargo-unpacking.ts';
import { ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import type { StoredObject } from '#object-store/port.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { CARGO_ITEM_CONCURRENCY } from '#services/workers/limits.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { counted, heldShares } from '#test/builders/counted.ts';
import { nobodyBlocked } from '#test/builders/nobody-blocked.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { arrayBuffer, peerCertificate, peerSessionPrivateKey } from '#test/peers/js/values.ts';
import type { CargoWorld } from './cargo-world.ts';

/** A store whose writes cost nothing, and which has the one cargo that is being unpacked. */
class CargoOnlyStore extends InMemoryObjectStore {
  cargo: Uint8Array = new Uint8Array();
  parcels = 0;

  override async get(): Promise<StoredObject> {
    const expiresAt = new Date(Date.now() + 3_600_000);
    return { body: this.cargo, generation: '1', expiresAt };
  }

  override async put(): Promise<string> {
    this.parcels += 1;
    return '1';
  }

  override async delete(): Promise<boolean> {
    return true;
  }
}

/** Unpacks cargo as the gateway's workers do. */
export class Unpacker {
  /** The session key that the phone encrypts for. */
  readonly key: SessionKeyPair;
  readonly #store = new CargoOnlyStore();
  readonly #unpacking: CargoUnpacking;
  readonly #jobKey: string;

  private constructor(world: CargoWorld, sessionKeys: SessionKeys, key: SessionKeyPair) {
    this.key = key;
    const clock = systemClock;
    const objects = this.#store;
    const records = new InMemoryRecordStore({ clock });
    const verifier = new MessageVerifier();
    const mailbox = new Mailbox({
      objects,
      signals: new InProcessSignals({ log: silentLog }),
      clock,
    });
    const anchors = [world.gateway.certificate] as const;
    const policy = nobodyBlocked(clock);
    const identity = { trustedCertificates: async () => anchors };
    const common = { verifier, identity, mailbox, policy, clock, metrics: noMetrics };
    const intake = new ParcelIntake({
      ...common,
      outbox: { store: async () => '' },
      acceptedParcels: { find: async () => null, async record() {} },
      internetAddress: 'gateway.example',
      heldShares: heldShares({ objects, clock, metrics: noMetrics }),
      ...counted(clock, { parcelsPerHour: 0, parcelsPerDay: 0, octetsPerHour: 0, octetsPerDay: 0 }),
    });
    const peerSessionKeys = new PeerSessionKeys({ records, clock });
    this.#unpacking = new CargoUnpacking(
      { ...common, intake, objects, sessionKeys, peerSessionKeys, log: silentLog },
      { itemConcurrency: CARGO_ITEM_CONCURRENCY },
    );
    this.#jobKey = cargoKey({ sender: world.phone.nodeId, cargoId: 'cargo' });
  }

  static async open(world: CargoWorld): Promise<Unpacker> {
    const records = new InMemoryRecordStore({ clock: systemClock });
    const vault = new MemoryVault(identity('gateway'));
    const sessionKeys = new SessionKeys({ vault, records, clock: systemClock });
    const key = await sessionKeys.registrationKey(world.phone.nodeId);
    const opening = await sessionKeys.openingKey(key.id, world.phone.certificate);
    if (!opening) {
      throw new Error('the session key was not kept');
    }
    return new Unpacker(world, sessionKeys, { ...key, privateKey: opening.privateKey });
  }

  /** @returns how many parcels were accepted for storing */
  async unpack(cargo: Uint8Array): Promise<number> {
    this.#store.cargo = cargo;
    this.#store.parcels = 0;
    const { signal } = new AbortController();
    await this.#unpacking.handle({
      key: this.#jobKey,
      attempt: 1,
      expiresAt: null,
      signal,
      isHeld: () => true,
    });
    return this.#store.parcels;
  }
}

/** Unpacks with the peer library: decrypts, parses each parcel, verifies it with its path. */
export async function peerUnpacker({ gateway }: CargoWorld, key: SessionKeyPair) {
  const privateKey = await peerSessionPrivateKey(key.privateKey);
  const trusted = [peerCertificate(gateway.certificate)];
  return async (octets: Uint8Array) => {
    const cargo = await Cargo.deserialize(arrayBuffer(octets));
    const { payload } = await cargo.unwrapPayload(privateKey);
    for (const item of payload.messages) {
      const parcel = await CargoMessageSet.deserializeItem(item);
      if (!(parcel instanceof Parcel)) {
        throw new TypeError('not a parcel');
      }
      await parcel.validate(trusted);
    }
  };
}

/** The floor of unpacking: AES-CBC over all octets, then hashing each parcel and one RSA verification for it. */
export function unpackingFloor(
  parcels: readonly Uint8Array[],
  verifyOne: () => unknown,
): () => void {
  const key = randomBytes(16);
  return () => {
    const decipher = createDecipheriv('aes-128-cbc', key, key).setAutoPadding(false);
    for (const parcel of parcels) {
      decipher.update(parcel);
      createHash('sha256').update(parcel).digest();
      verifyOne();
    }
  };
}
