/** What both samples have in common: an endpoint, and the types of their messages. */
import {
  Channel,
  Endpoint,
  generateRSAKeyPair,
  getIdFromIdentityKey,
  MockKeyStoreSet,
} from '@relaycorp/relaynet-core';

/** Permits its recipient to send parcels to its sender; Android apps send it too. */
export const PERMISSION = 'application/vnd+relaycorp.awala.pda-path';
/** A text in UTF-8. Your own messages have types of your own. */
export const TEXT = 'application/vnd.awala.sample.text';

class AppChannel extends Channel {}

/** An endpoint whose keys are in memory only. A real app stores them, with those of its peers. */
export class AppEndpoint extends Endpoint {
  channelConstructor = AppChannel;

  static async make() {
    const keys = await generateRSAKeyPair();
    const id = await getIdFromIdentityKey(keys.publicKey);
    return new AppEndpoint(id, keys, new MockKeyStoreSet(), {});
  }
}

/** @returns an ArrayBuffer of exactly these octets, as the library wants it */
export function octetsOf(buffer) {
  return new Uint8Array(buffer).buffer;
}
