import {
  CargoMessageSet,
  type CertificateRotation,
  Parcel,
  ParcelCollectionAck,
} from '@relaycorp/relaynet-core';
import type { JsPrivateGateway } from './private-gateway.ts';
import { arrayBuffer } from './values.ts';

/** The contents of cargoes, as the deployed library reads them. */
export interface OpenedCargo {
  /** Serialised. */
  readonly parcels: readonly Buffer[];
  readonly acknowledgements: readonly ParcelCollectionAck[];
  readonly rotations: readonly CertificateRotation[];
}

/** Validates, decrypts and reads cargoes. @throws what the library throws */
export async function openCargoes(
  phone: JsPrivateGateway,
  cargoes: readonly Buffer[],
): Promise<OpenedCargo> {
  const parcels: Buffer[] = [];
  const acknowledgements: ParcelCollectionAck[] = [];
  const rotations: CertificateRotation[] = [];
  for (const cargo of cargoes) {
    for (const octets of await phone.open(cargo)) {
      const item = await CargoMessageSet.deserializeItem(arrayBuffer(octets));
      if (item instanceof Parcel) {
        parcels.push(octets);
      } else if (item instanceof ParcelCollectionAck) {
        acknowledgements.push(item);
      } else {
        rotations.push(item);
      }
    }
  }
  return { parcels, acknowledgements, rotations };
}

/** The parcels in cargoes. */
export async function parcelsIn(
  phone: JsPrivateGateway,
  cargoes: readonly Buffer[],
): Promise<readonly Buffer[]> {
  return (await openCargoes(phone, cargoes)).parcels;
}

/** Acknowledges these parcels. @returns PCAs */
export function acknowledge(parcels: readonly Buffer[]): Promise<Buffer[]> {
  return Promise.all(
    parcels.map(async (octets) => {
      const parcel = await Parcel.deserialize(arrayBuffer(octets));
      const sender = await parcel.senderCertificate.calculateSubjectId();
      const ack = new ParcelCollectionAck(sender, parcel.recipient.id, parcel.id);
      return Buffer.from(ack.serialize());
    }),
  );
}
