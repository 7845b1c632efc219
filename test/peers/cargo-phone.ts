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
import { type Clock, systemClock } from '#clock/clock.ts';
import {
  type CargoFields,
  type CcaFields,
  cargoDeliveryAuthorization,
  cargoFrom,
  ccaFrom,
  type Identity,
  type Peer,
  selfIssued,
  type Validity,
} from '#test/builders/peers.ts';
import type { OpenedCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import type { Phone } from './phone.ts';

const DAY_MS = 86_400_000;

export interface OpenedCargo {
  readonly cargo: RamfMessage;
  /** The gateway's session key in the cargo. */
  readonly senderKey: SessionKey;
  readonly messages: readonly Uint8Array[];
}

interface CargoPhoneParts {
  readonly peer: Peer;
  readonly gateway: Pick<Identity, 'nodeId' | 'spki'>;
  /** The gateway's. @default `gateway.example` */
  readonly internetAddress?: string;
  /** The gateway's session key that the phone uses. */
  readonly gatewayKey: SessionKey;
  readonly clock: Clock;
  readonly sessionKey?: SessionKeyPair;
}

/** A private gateway that uses couriers: writes CCAs and cargo, and opens cargo. */
export class CargoPhone {
  readonly peer: Peer;
  readonly sessionKey: SessionKeyPair;
  readonly #parts: CargoPhoneParts;
  /** The phone with a self-issued certificate. */
  readonly #issuer: Peer;
  readonly #verifier = new MessageVerifier();

  private constructor(parts: CargoPhoneParts, issuer: Peer) {
    this.peer = parts.peer;
    this.sessionKey = parts.sessionKey ?? generateSessionKey();
    this.#parts = parts;
    this.#issuer = issuer;
  }

  static async register(
    opened: OpenedCogrpc,
    options: { name?: string; validity?: Validity; curve?: SessionCurve } = {},
  ): Promise<CargoPhone> {
    const { gateway, clock } = opened;
    const name = options.name ?? 'phone';
    const peer = await opened.registered(name, options.validity);
    const gatewayKey = await opened.sessionKeys.registrationKey(peer.nodeId);
    const sessionKey = generateSessionKey(options.curve);
    return CargoPhone.with({ peer, gateway, gatewayKey, clock, sessionKey });
  }

  /** A phone that registered by PoWeb. */
  static of({ phone, registration }: Phone, clock: Clock = systemClock): Promise<CargoPhone> {
    const { gatewayCertificate: gateway, internetAddress, sessionKey: gatewayKey } = registration;
    return CargoPhone.with({ peer: phone, gateway, internetAddress, gatewayKey, clock });
  }

  private static async with(parts: CargoPhoneParts): Promise<CargoPhone> {
    return new CargoPhone(parts, await selfIssued(parts.peer, validFrom(parts.clock.now())));
  }

  /** The same phone, encrypting for another session key of the gateway. */
  using(gatewayKey: SessionKey): CargoPhone {
    const { sessionKey } = this;
    return new CargoPhone({ ...this.#parts, sessionKey, gatewayKey }, this.#issuer);
  }

  /** Authorises the gateway to send cargo, under `issuer` or this phone's self-issued certificate. */
  cda(options: Partial<Validity> & { readonly issuer?: Peer } = {}) {
    const { issuer = this.#issuer, ...validity } = options;
    const { gateway, clock } = this.#parts;
    const { spki } = gateway;
    return cargoDeliveryAuthorization({ spki }, issuer, { ...validFrom(clock.now()), ...validity });
  }

  /** A CCA valid for two weeks, unless `fields` change it. */
  async cca(fields: Partial<CcaFields> & { readonly from?: Peer } = {}): Promise<Buffer> {
    const { from = this.peer, ...rest } = fields;
    const cda = await this.cda();
    const octets = await ccaFrom(from, {
      ...this.#header,
      createdAt: new Date(this.#parts.clock.now().getTime() - 3_600_000),
      ttlSeconds: (14 * DAY_MS) / 1_000,
      senderKey: this.sessionKey,
      cda: cda.certificate,
      ...rest,
    });
    return Buffer.from(octets);
  }

  /** A cargo with these messages, by default from this phone for the gateway. */
  async cargo(
    messages: readonly Uint8Array[] = [],
    fields: Partial<CargoFields> & { readonly from?: Peer } = {},
  ): Promise<Buffer> {
    const { from = this.peer, ...rest } = fields;
    const createdAt = this.#parts.clock.now();
    return Buffer.from(await cargoFrom(from, { ...this.#header, messages, createdAt, ...rest }));
  }

  /** Verifies and decrypts a cargo as a private gateway does. */
  open(octets: Uint8Array, sessionKey: SessionKeyPair = this.sessionKey): OpenedCargo {
    const cargo = this.#verifier.read(octets, 'cargo');
    const anchors = [this.#issuer.certificate];
    this.#verifier.verifyAuthorised(cargo, { at: this.#parts.clock.now(), anchors });
    const envelope = readEnvelopedData(cargo.payload);
    const plaintext = envelope.decrypt(sessionKey.privateKey);
    const messages = [...readMessageSet(plaintext)];
    return { cargo, senderKey: envelope.originatorKey, messages };
  }

  get #header() {
    const { gateway, gatewayKey, internetAddress = 'gateway.example' } = this.#parts;
    return {
      recipient: { id: gateway.nodeId, internetAddress },
      recipientKey: gatewayKey,
    };
  }
}

function validFrom(now: Date): Validity {
  return {
    notBefore: new Date(now.getTime() - DAY_MS / 8),
    notAfter: new Date(now.getTime() + 30 * DAY_MS),
  };
}
