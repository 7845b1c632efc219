import { readMessageSet, typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { parseRotation } from '#awala/cargo/rotation.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { contextConstructed, DerReader, TAG } from '#awala/der/reader.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { generateSessionKey, type SessionKeyPair } from '#awala/sessions/session-key.ts';
import { issueToPeer } from '#gateway/identity/peer-certificate.ts';
import { androidCca } from '#test/builders/android-messages.ts';
import { identity, type Peer } from '#test/builders/peers.ts';
import type { OpenedCogrpc } from './opened-cogrpc.ts';

const ROTATION_FORMAT_OCTETS = 7;

/** What Android's gateway app writes when a courier comes by, and what it makes of the cargo it gets. */
export class AndroidPhone {
  /** The certificate that lasts longest, which the app uses. */
  peer: Peer;
  readonly #opened: OpenedCogrpc;
  readonly #sessionKey: SessionKeyPair = generateSessionKey();
  readonly #verifier = new MessageVerifier();

  private constructor(opened: OpenedCogrpc, peer: Peer) {
    this.#opened = opened;
    this.peer = peer;
  }

  static async register(opened: OpenedCogrpc, name = 'android phone'): Promise<AndroidPhone> {
    const self = identity(name);
    const { peerCertificate } = await issueToPeer(self.spki, opened);
    return new AndroidPhone(opened, { ...self, certificate: peerCertificate, issuers: [] });
  }

  /** Good for one collection. */
  async cca(): Promise<Buffer> {
    const { gateway, clock, sessionKeys } = this.#opened;
    const recipientKey = await sessionKeys.registrationKey(this.peer.nodeId);
    return androidCca({
      sender: this.peer,
      gateway: {
        nodeId: gateway.nodeId,
        internetAddress: 'gateway.example',
        identityKey: gateway.spki,
      },
      encryption: { recipientKey, senderKey: this.#sessionKey },
      now: clock.now(),
    });
  }

  /**
   * Takes what is in a cargo, without verifying any of it, and uses the certificate
   * of a rotation that it can read if that lasts longer.
   *
   * @returns the messages
   */
  process(cargo: Uint8Array): readonly Uint8Array[] {
    const { payload } = this.#verifier.read(cargo, 'cargo');
    const plaintext = readEnvelopedData(payload).decrypt(this.#sessionKey.privateKey);
    const messages = [...readMessageSet(plaintext)];
    for (const message of messages.filter(isReadableRotation)) {
      const { leaf } = parseRotation(message);
      if (leaf.notAfter > this.peer.certificate.notAfter) {
        this.peer = { ...this.peer, certificate: leaf };
      }
    }
    return messages;
  }
}

/** Its library expects the leaf as an implicitly tagged Certificate, and ignores what is not. */
function isReadableRotation(message: Uint8Array): boolean {
  if (typeOfCargoMessage(message) !== 'certificate-rotation') {
    return false;
  }
  const reader = new DerReader(message.subarray(ROTATION_FORMAT_OCTETS));
  reader.enter(TAG.sequence);
  return reader.isNext(contextConstructed(0));
}
