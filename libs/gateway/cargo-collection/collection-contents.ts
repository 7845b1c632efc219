import { type ParcelCollectionAck, serialisePca } from '#awala/cargo/pca.ts';
import { serialiseRotation } from '#awala/cargo/rotation.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { Identity } from '../identity/identity.ts';
import { rotateIfDue } from '../identity/peer-certificate.ts';
import type { PeerPolicy } from '../peers/peer-policy.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import {
  ACKNOWLEDGEMENTS,
  acknowledgementPlace,
  type CollectionProgress,
  PARCELS,
  type Place,
  parcelSegment,
  rotationPlace,
} from './collection-progress.ts';
import type { CourierReach } from './courier-reach.ts';
import { ParcelPasses, type ParcelPassesParts } from './parcel-passes.ts';
import type { FoundClasses } from './size-classes.ts';
import { FITTING_CLASSES, OVERSIZE, type SizeClass } from './size-classes.ts';

/** The parcels accepted from each private gateway, to be acknowledged (PCA) to it. */
export interface AcceptedParcels {
  /**
   * Yields unexpired ones in ascending order of `place`, which never changes, so that a cut
   * collection can resume after one.
   *
   * @param options.startAfter - yields only greater places
   */
  list(
    privateGateway: NodeId,
    options?: { startAfter?: string; signal?: AbortSignal },
  ): AsyncIterable<ParcelCollectionAck & { readonly expiresAt: Date; readonly place: string }>;
}

/** A message for a cargo, in memory. */
export interface CargoMessage {
  readonly octets: Uint8Array;
  readonly expiresAt: Date;
}

/** A message for a cargo; a parcel's body is still in the store. */
export interface CargoItem {
  readonly place: Place;
  /** Set for a parcel. */
  readonly key?: ObjectKey;
  /**
   * The place before the item, with nothing to collect in between; the previous item's unless
   * given.
   */
  readonly after?: Place;
  /** Estimated from the listing. */
  readonly sizeOctets: number;
  /**
   * Reads the message.
   *
   * @returns null if it is gone or has expired
   * @throws {BackingUnavailableError}
   */
  read(): Promise<CargoMessage | null>;
}

/** What {@link collectionContents} needs. */
export interface CollectionContentsParts extends ParcelPassesParts {
  readonly acceptedParcels: AcceptedParcels;
  readonly identity: Identity;
  readonly policy: Pick<PeerPolicy, 'blockOf'>;
}

/** What the courier's client accepts. */
export interface CollectionCourier {
  /** The largest parcel, in octets, that fits into a cargo which every client accepts. */
  readonly fittingOctets: number;
  /** Whether it also accepts larger ones. */
  readonly takesOversize: boolean;
}

/** What to collect for whom, through which courier, from which place on. */
export interface ContentsRequest {
  readonly authorization: CargoAuthorization;
  readonly courier: CollectionCourier;
  readonly progress: CollectionProgress;
  readonly reach: CourierReach;
  readonly found: FoundClasses;
}

/**
 * Yields what to send to the holder of a CCA: a new certificate if its own ends soon, then its
 * parcels from small to large, then acknowledgements (PCAs) of its own parcels, and last the
 * parcels that not every client accepts. Skips what has expired, what `progress` covers, and what
 * this courier cannot carry.
 *
 * A blocked private gateway that may still collect gets no new certificate.
 *
 * While the clock is in doubt there is no new certificate, whose dates might be wrong; its place
 * stays uncovered, so that a later call sends it.
 *
 * Acknowledgements come late because each CCA repeats them until their parcels expire: this way,
 * however many and however short the calls, they block nothing. Only parcels that had a call in
 * vain wait for them, as those would block everything else.
 *
 * @throws {BackingUnavailableError}
 * @throws the signal's reason, if it is aborted
 * @see RS-000 "Gateway Messaging Protocol"
 */
export async function* collectionContents(
  parts: CollectionContentsParts,
  request: ContentsRequest,
  signal: AbortSignal,
): AsyncGenerator<CargoItem, void, undefined> {
  const others = parcelsAndAcknowledgements(parts, request, signal);
  if ((parts.plausibility?.doubt ?? null) === null) {
    yield* rotations(parts, request);
    yield* others;
  } else {
    yield* apart(PARCELS, others);
  }
}

async function* parcelsAndAcknowledgements(
  parts: CollectionContentsParts,
  { authorization, courier, progress, reach, found }: ContentsRequest,
  signal: AbortSignal,
): AsyncGenerator<CargoItem, void, undefined> {
  const { peer } = authorization;
  const passes = new ParcelPasses(parts, { peer, courier, progress, reach, found }, signal);
  const doubtfulFrom = reach.doubtfulFrom(courier.fittingOctets) ?? OVERSIZE;
  const isDoubtful = (sizeClass: SizeClass) => sizeClass >= doubtfulFrom;
  const doubtful = FITTING_CLASSES.filter(isDoubtful);
  for (const sizeClass of FITTING_CLASSES) {
    if (!isDoubtful(sizeClass)) {
      yield* passes.of(sizeClass);
    }
  }
  const acknowledgements = listedAcknowledgements(parts, peer, progress, signal);
  yield* doubtful.length > 0 ? apart(ACKNOWLEDGEMENTS, acknowledgements) : acknowledgements;
  for (const sizeClass of doubtful) {
    yield* apart(parcelSegment(sizeClass), passes.of(sizeClass));
  }
  const oversize = passes.of(OVERSIZE);
  yield* doubtful.length > 0 ? apart(parcelSegment(OVERSIZE), oversize) : oversize;
}

/** Starts a new stretch after `after`. */
async function* apart(
  after: Place,
  items: AsyncIterable<CargoItem>,
): AsyncGenerator<CargoItem, void, undefined> {
  let isFirst = true;
  for await (const item of items) {
    yield isFirst ? { after, ...item } : item;
    isFirst = false;
  }
}

/** The certificate in each form that the peer may read. */
async function* rotations(
  parts: CollectionContentsParts,
  { authorization, progress }: ContentsRequest,
): AsyncGenerator<CargoItem, void, undefined> {
  const { peer, peerCertificate: current, rotationForms } = authorization;
  const forms = parts.policy.blockOf(peer) ? [] : rotationForms;
  const missing = forms.filter((form) => !progress.covers(rotationPlace(form)));
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

async function* listedAcknowledgements(
  { acceptedParcels }: CollectionContentsParts,
  peer: NodeId,
  progress: CollectionProgress,
  signal: AbortSignal,
): AsyncGenerator<CargoItem, void, undefined> {
  if (progress.isPast(ACKNOWLEDGEMENTS)) {
    return;
  }
  const startAfter = progress.behind(ACKNOWLEDGEMENTS);
  const options = { signal, ...(startAfter !== undefined && { startAfter }) };
  for await (const accepted of acceptedParcels.list(peer, options)) {
    const { expiresAt, place, ...ack } = accepted;
    const item = itemOf(acknowledgementPlace(place), { octets: serialisePca(ack), expiresAt });
    if (!progress.covers(item.place)) {
      yield item;
    }
  }
}

function itemOf(place: Place, message: CargoMessage): CargoItem {
  return { place, sizeOctets: message.octets.length, read: async () => message };
}
