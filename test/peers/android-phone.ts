import { readMessageSet, typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { parseRotation } from '#awala/cargo/rotation.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { contextConstructed, DerReader, TAG } from '#awala/der/reader.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import {
  generateSessionKey,
  type SessionKey,
  type SessionKeyPair,
} from '#awala/sessions/session-key.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { issueToPeer } from '#gateway/identity/peer-certificate.ts';
import { type AndroidHeader, androidCargo, androidCca } from '#test/builders/android-messages.ts';
import { identity, type Peer } from '#test/builders/peers.ts';
import type { OpenedCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { whyAndroidDrops } from './android-courier.ts';
import type { Phone } from './phone.ts';

const ROTATION_FORMAT_OCTETS = 7;

interface AndroidPhoneParts {
  readonly peer: Peer;
  readonly gateway: AndroidHeader['gateway'];
  /** The gateway's session key that the phone currently uses. */
  readonly gatewayKey: () => SessionKey | Promise<SessionKey>;
  readonly clock: Clock;
}

/** Writes CCAs and cargo like Android's gateway app, and reads the cargo that couriers bring it. */
export class AndroidPhone {
  /** With the certificate that expires last, which the app uses. */
  peer: Peer;
  readonly #parts: AndroidPhoneParts;
  readonly #sessionKey: SessionKeyPair = generateSessionKey();
  readonly #verifier = new MessageVerifier();

  private constructor(parts: AndroidPhoneParts) {
    this.peer = parts.peer;
    this.#parts = parts;
  }

  static async register(opened: OpenedCogrpc, name = 'android phone'): Promise<AndroidPhone> {
    const self = identity(name);
    const { peerCertificate } = await issueToPeer({ key: self.spki, isEstablished: false }, opened);
    const { nodeId, spki } = opened.gateway;
    return new AndroidPhone({
      peer: { ...self, certificate: peerCertificate, issuers: [] },
      gateway: { nodeId, internetAddress: 'gateway.example', identityKey: spki },
      gatewayKey: () => opened.sessionKeys.registrationKey(self.nodeId),
      clock: opened.clock,
    });
  }

  /** A phone that registered by PoWeb. */
  static of({ phone: peer, registration }: Phone): AndroidPhone {
    const { gatewayCertificate, internetAddress, sessionKey } = registration;
    const { nodeId, spki } = gatewayCertificate;
    const gateway = { nodeId, internetAddress, identityKey: spki };
    return new AndroidPhone({ peer, gateway, gatewayKey: () => sessionKey, clock: systemClock });
  }

  /** A CCA for one collection. */
  async cca(): Promise<Buffer> {
    return androidCca(await this.#header());
  }

  async cargo(
    messages: readonly Uint8Array[],
    fields: { readonly id: string; readonly ttlSeconds: number },
  ): Promise<Buffer> {
    return androidCargo(await this.#header(), { messages, ...fields });
  }

  /**
   * Reads a cargo without verifying anything. Adopts the certificate of a rotation in it, if the app can
   * read that and it expires later.
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

  /** The same, if the courier app keeps the cargo. @returns the parcels */
  processKept(cargo: Uint8Array): readonly Uint8Array[] {
    const messages =
      whyAndroidDrops(cargo, this.#parts.clock.now()) === null ? this.process(cargo) : [];
    return messages.filter((message) => typeOfCargoMessage(message) === 'parcel');
  }

  async #header(): Promise<AndroidHeader> {
    const { gateway, gatewayKey, clock } = this.#parts;
    return {
      sender: this.peer,
      gateway,
      encryption: { recipientKey: await gatewayKey(), senderKey: this.#sessionKey },
      now: clock.now(),
    };
  }
}

/** The app's library expects the leaf as an implicitly tagged Certificate, and ignores other forms. */
function isReadableRotation(message: Uint8Array): boolean {
  if (typeOfCargoMessage(message) !== 'certificate-rotation') {
    return false;
  }
  const reader = new DerReader(message.subarray(ROTATION_FORMAT_OCTETS));
  reader.enter(TAG.sequence);
  return reader.isNext(contextConstructed(0));
}
