import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { Cargo, CargoMessageSet, SessionEnvelopedData } from '@relaycorp/relaynet-core';
import { freeOctets } from '#awala/free-octets.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import { Budget } from '#bounds/budget.ts';
import { systemClock } from '#clock/clock.ts';
import { CargoBatches } from '#gateway/cargo-collection/cargo-batches.ts';
import { CARGO_COLLECTION_LIMITS } from '#gateway/cargo-collection/cargo-collection-limits.ts';
import type { CargoItem } from '#gateway/cargo-collection/collection-contents.ts';
import { silentLog } from '#log/log.ts';
import { cargoFrom, type Peer } from '#test/builders/peers.ts';
import {
  arrayBuffer,
  peerCertificate,
  peerPrivateKey,
  peerSessionKey,
} from '#test/peers/js/values.ts';
import { type CargoWorld, creationDate, TTL_SECONDS } from './cargo-world.ts';

const BUDGET_OCTETS = 64 * 1024 * 1024;
const { maxCargoOctets } = CARGO_COLLECTION_LIMITS;

/**
 * Packs parcels into cargoes as the gateway does while a courier collects:
 * gathered by what is read ahead, in bounded memory, in cargoes of the usual size.
 *
 * @param recipientKey - the session key to encrypt for
 * @param options.isLastUse - whether each parcel's memory is given back when it is packed, as the
 *   gateway does with what it fetched
 */
export async function* packParcels(
  world: CargoWorld,
  recipientKey: SessionKey,
  parcels: Iterable<Uint8Array>,
  { isLastUse = false } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const parts = { budget: new Budget(BUDGET_OCTETS), clock: systemClock, log: silentLog };
  const { signal } = new AbortController();
  const contents = itemsOf(world, parcels);
  const batches = new CargoBatches(parts, contents, CARGO_COLLECTION_LIMITS, signal);
  for (;;) {
    const gathered = await batches.next(maxCargoOctets);
    if (!gathered) {
      return;
    }
    const cargo = await cargoFrom(world.phone, {
      messages: gathered.messages,
      recipientKey,
      senderKey: world.phoneKey,
      recipient: { id: world.gateway.nodeId },
      createdAt: creationDate(world),
      ttlSeconds: TTL_SECONDS,
    });
    if (isLastUse) {
      gathered.messages.forEach(freeOctets);
    }
    yield cargo;
    gathered.release();
  }
}

async function* itemsOf(
  { now }: CargoWorld,
  parcels: Iterable<Uint8Array>,
): AsyncGenerator<CargoItem, void, undefined> {
  const expiresAt = new Date(now.getTime() + (TTL_SECONDS / 2) * 1_000);
  let index = 0;
  for (const octets of parcels) {
    const message = Promise.resolve({ octets, expiresAt });
    yield { place: `${index++}`, sizeOctets: octets.length, read: () => message };
  }
}

/** Packs as the peer library's gateways do; it gathers into cargoes of 8 MB. */
export async function peerPacker(world: CargoWorld, recipientKey: SessionKey) {
  const sessionKey = await peerSessionKey(recipientKey);
  const privateKey = await peerPrivateKey(world.phone.privateKey);
  const sender = peerCertificate(world.phone.certificate);
  const expiryDate = new Date(world.now.getTime() + TTL_SECONDS * 1_000);
  return async (parcels: readonly Uint8Array[]) => {
    const messages = (async function* () {
      for (const parcel of parcels) {
        yield { messageSerialized: arrayBuffer(parcel), expiryDate };
      }
    })();
    for await (const batch of CargoMessageSet.batchMessagesSerialized(messages)) {
      const { envelopedData } = await SessionEnvelopedData.encrypt(
        batch.messageSerialized,
        sessionKey,
      );
      const recipient = { id: world.gateway.nodeId };
      const options = { creationDate: creationDate(world), ttl: TTL_SECONDS };
      const payload = Buffer.from(envelopedData.serialize());
      await new Cargo(recipient, sender, payload, options).serialize(privateKey);
    }
  };
}

/**
 * The floor of packing: AES-CBC and SHA-256 over all octets, and one RSA
 * signature per cargo, into memory that is there.
 */
export function packingFloor({ sign }: Peer): (parcels: readonly Uint8Array[]) => void {
  const key = randomBytes(16);
  const signed = randomBytes(104);
  const begin = () => ({
    cipher: createCipheriv('aes-128-cbc', key, key),
    hash: createHash('sha256'),
    octets: 0,
  });
  return (parcels) => {
    let cargo = begin();
    const end = () => {
      cargo.hash.update(cargo.cipher.final()).digest();
      sign(signed);
      cargo = begin();
    };
    for (const parcel of parcels) {
      if (cargo.octets + parcel.length > maxCargoOctets) {
        end();
      }
      cargo.hash.update(cargo.cipher.update(parcel));
      cargo.octets += parcel.length;
    }
    end();
  };
}
