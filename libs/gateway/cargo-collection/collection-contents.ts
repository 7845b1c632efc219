import { type ParcelCollectionAck, serialisePca } from '#awala/cargo/pca.ts';
import { serialiseRotation } from '#awala/cargo/rotation.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { Identity } from '../identity.ts';
import type { HeldParcel, Mailbox } from '../mailbox.ts';
import { rotateIfDue } from '../peer-certificate.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import {
  acknowledgementPlace,
  type CollectionProgress,
  type Place,
  parcelPlace,
  rotationPlace,
} from './collection-progress.ts';

/** The parcels accepted from each private gateway, to be acknowledged (PCA) in what is sent to it. */
export interface AcceptedParcels {
  /**
   * Those not expired, in ascending order of `place`, which stays the same whatever
   * else is accepted or expires: a collection that was cut is resumed behind one.
   *
   * @param options.startAfter - yields only those whose place is greater
   */
  list(
    privateGateway: NodeId,
    options?: { startAfter?: string; signal?: AbortSignal },
  ): AsyncIterable<ParcelCollectionAck & { readonly expiresAt: Date; readonly place: string }>;
}

export interface CargoMessage {
  readonly octets: Uint8Array;
  readonly expiresAt: Date;
}

/** Something that goes into a cargo; a parcel's octets are still in the store. */
export interface CargoItem {
  readonly place: Place;
  /** An estimate, as of the listing. */
  readonly sizeOctets: number;
  /**
   * @returns null if it is gone or has expired
   * @throws {BackingUnavailableError}
   */
  read(): Promise<CargoMessage | null>;
}

export interface CollectionContentsParts {
  readonly mailbox: Mailbox;
  readonly acceptedParcels: AcceptedParcels;
  readonly identity: Identity;
  readonly clock: Clock;
}

/**
 * Yields what there is to send to the holder of a CCA: a new certificate if its
 * own ends soon, then the parcels held for it, then acknowledgements of its own
 * (PCAs). Skips what has expired, and what `progress` says is behind.
 *
 * The acknowledgements are last since they come again under each CCA until the
 * parcels that they are for expire: however many they are, and however short the
 * calls, they keep nothing from the phone.
 *
 * @throws {BackingUnavailableError}
 * @throws the signal's reason, if it is aborted
 * @see RS-000 "Gateway Messaging Protocol"
 */
export async function* collectionContents(
  parts: CollectionContentsParts,
  authorization: CargoAuthorization,
  progress: CollectionProgress,
  signal: AbortSignal,
): AsyncGenerator<CargoItem, void, undefined> {
  yield* rotations(parts, authorization, progress);
  for await (const item of listed(parts, authorization.peer, progress, signal)) {
    if (!progress.covers(item.place)) {
      yield item;
    }
  }
}

/** The same certificate in each form that the peer may read. */
async function* rotations(
  parts: CollectionContentsParts,
  { peerCertificate: current, rotationForms }: CargoAuthorization,
  progress: CollectionProgress,
): AsyncGenerator<CargoItem, void, undefined> {
  const missing = rotationForms.filter((form) => !progress.covers(rotationPlace(form)));
  const rotation = missing.length > 0 ? await rotateIfDue(current, parts) : null;
  if (rotation) {
    const { peerCertificate, gatewayCertificate } = rotation;
    const path = { leaf: peerCertificate, authorities: [gatewayCertificate] };
    for (const form of missing) {
      const octets = serialiseRotation(path, form);
      yield itemOf(rotationPlace(form), { octets, expiresAt: peerCertificate.notAfter });
    }
  }
}

async function* listed(
  parts: CollectionContentsParts,
  peer: NodeId,
  progress: CollectionProgress,
  signal: AbortSignal,
): AsyncGenerator<CargoItem, void, undefined> {
  if (!progress.isPastParcels) {
    const options = listingFrom(progress.parcelsBehind, signal);
    for await (const parcel of parts.mailbox.list(peer, options)) {
      if (!isExpired(parcel, parts.clock)) {
        yield parcelItem(parcel, parts);
      }
    }
  }
  const options = listingFrom(progress.acknowledgementsBehind, signal);
  for await (const accepted of parts.acceptedParcels.list(peer, options)) {
    const { expiresAt, place, ...ack } = accepted;
    yield itemOf(acknowledgementPlace(place), { octets: serialisePca(ack), expiresAt });
  }
}

function listingFrom(startAfter: string | undefined, signal: AbortSignal) {
  return { signal, ...(startAfter !== undefined && { startAfter }) };
}

function itemOf(place: Place, message: CargoMessage): CargoItem {
  return { place, sizeOctets: message.octets.length, read: async () => message };
}

function parcelItem(parcel: HeldParcel, { mailbox, clock }: CollectionContentsParts): CargoItem {
  return {
    place: parcelPlace(parcel.key),
    sizeOctets: parcel.sizeOctets,
    async read() {
      const stored = await mailbox.fetch(parcel);
      const isLive = stored !== null && !isExpired(stored, clock);
      return isLive ? { octets: stored.body, expiresAt: stored.expiresAt } : null;
    },
  };
}

function isExpired({ expiresAt }: { readonly expiresAt: Date }, clock: Clock): boolean {
  return expiresAt.getTime() <= clock.now().getTime();
}
