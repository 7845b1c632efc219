import { readMessageSet } from '#awala/cargo/message-set.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import {
  generateSessionKey,
  type SessionCurve,
  type SessionKey,
  type SessionKeyPair,
} from '#awala/sessions/session-key.ts';
import {
  type CargoFields,
  type CcaFields,
  cargoDeliveryAuthorization,
  cargoFrom,
  ccaFrom,
  internetGateway,
  type Peer,
  type Validity,
} from '#test/builders/peers.ts';
import type { OpenedCogrpc } from './opened-cogrpc.ts';

const DAY_MS = 86_400_000;

export interface OpenedCargo {
  readonly cargo: RamfMessage;
  /** The session key that the gateway sent along. */
  readonly senderKey: SessionKey;
  readonly messages: readonly Uint8Array[];
}

/** A private gateway, as far as cargo goes: what it packs into its CCAs, and what it makes of cargo. */
export class CargoPhone {
  readonly peer: Peer;
  readonly sessionKey: SessionKeyPair;
  readonly #opened: Pick<OpenedCogrpc, 'gateway' | 'clock'>;
  readonly #gatewayKey: SessionKey;
  readonly #issuer: Peer;
  readonly #verifier = new MessageVerifier();

  private constructor(parts: {
    readonly opened: Pick<OpenedCogrpc, 'gateway' | 'clock'>;
    readonly peer: Peer;
    readonly sessionKey: SessionKeyPair;
    readonly gatewayKey: SessionKey;
    readonly issuer: Peer;
  }) {
    this.#opened = parts.opened;
    this.peer = parts.peer;
    this.sessionKey = parts.sessionKey;
    this.#gatewayKey = parts.gatewayKey;
    this.#issuer = parts.issuer;
  }

  static async register(
    opened: OpenedCogrpc,
    options: { name?: string; validity?: Validity; curve?: SessionCurve } = {},
  ): Promise<CargoPhone> {
    const name = options.name ?? 'phone';
    const peer = await opened.registered(name, options.validity);
    return new CargoPhone({
      opened,
      peer,
      sessionKey: generateSessionKey(options.curve),
      gatewayKey: await opened.sessionKeys.registrationKey(peer.nodeId),
      issuer: await internetGateway(name, validFrom(opened.clock.now())),
    });
  }

  /**
   * One that is registered already.
   *
   * @param gatewayKey - the gateway's session key that it uses
   */
  static async of(
    opened: Pick<OpenedCogrpc, 'gateway' | 'clock'>,
    peer: Peer,
    { name, gatewayKey }: { readonly name: string; readonly gatewayKey: SessionKey },
  ): Promise<CargoPhone> {
    const issuer = await internetGateway(name, validFrom(opened.clock.now()));
    const sessionKey = generateSessionKey();
    return new CargoPhone({ opened, peer, sessionKey, gatewayKey, issuer });
  }

  /** The same phone, once it encrypts for another key of the gateway. */
  using(gatewayKey: SessionKey): CargoPhone {
    const { peer, sessionKey } = this;
    return new CargoPhone({
      opened: this.#opened,
      peer,
      sessionKey,
      gatewayKey,
      issuer: this.#issuer,
    });
  }

  /** Authorises the gateway to send cargo, under `issuer` or this phone's self-issued certificate. */
  cda(options: Partial<Validity> & { readonly issuer?: Peer } = {}): Promise<Peer> {
    const { issuer = this.#issuer, ...validity } = options;
    const { gateway, clock } = this.#opened;
    return cargoDeliveryAuthorization(gateway, issuer, { ...validFrom(clock.now()), ...validity });
  }

  /** A CCA of two weeks; `fields` bend it. */
  async cca(fields: Partial<CcaFields> & { readonly from?: Peer } = {}): Promise<Buffer> {
    const { from = this.peer, ...rest } = fields;
    const { gateway, clock } = this.#opened;
    const now = clock.now();
    const cda = await this.cda();
    const octets = await ccaFrom(from, {
      recipient: { id: gateway.nodeId, internetAddress: 'gateway.example' },
      createdAt: new Date(now.getTime() - 3_600_000),
      ttlSeconds: (14 * DAY_MS) / 1_000,
      recipientKey: this.#gatewayKey,
      senderKey: this.sessionKey,
      cda: cda.certificate,
      ...rest,
    });
    return Buffer.from(octets);
  }

  /** A cargo with these messages, from this phone for the gateway unless told otherwise. */
  async cargo(
    messages: readonly Uint8Array[] = [],
    fields: Partial<CargoFields> & { readonly from?: Peer } = {},
  ): Promise<Buffer> {
    const { from = this.peer, ...rest } = fields;
    const { gateway, clock } = this.#opened;
    const octets = await cargoFrom(from, {
      messages,
      recipient: { id: gateway.nodeId, internetAddress: 'gateway.example' },
      recipientKey: this.#gatewayKey,
      createdAt: clock.now(),
      ...rest,
    });
    return Buffer.from(octets);
  }

  /** Verifies and decrypts a cargo as a private gateway does. */
  open(octets: Uint8Array, sessionKey: SessionKeyPair = this.sessionKey): OpenedCargo {
    const cargo = this.#verifier.read(octets, 'cargo');
    const anchors = [this.#issuer.certificate];
    this.#verifier.verifyAuthorised(cargo, { at: this.#opened.clock.now(), anchors });
    const envelope = readEnvelopedData(cargo.payload);
    const plaintext = envelope.decrypt(sessionKey.privateKey);
    const messages = [...readMessageSet(plaintext)];
    return { cargo, senderKey: envelope.originatorKey, messages };
  }
}

function validFrom(now: Date): Validity {
  return {
    notBefore: new Date(now.getTime() - DAY_MS / 8),
    notAfter: new Date(now.getTime() + 30 * DAY_MS),
  };
}
