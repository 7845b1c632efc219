import {
  Cargo,
  CargoMessageSet,
  type CertificateRotation,
  CertificationPath,
  derDeserializeECDHPublicKey,
  derSerializePublicKey,
  getIdFromIdentityKey,
  MockKeyStoreSet,
  type PrivateGateway,
  PrivateGatewayManager,
} from '@relaycorp/relaynet-core';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import type { Gateway } from '#gateway/gateway.ts';
import type { JsPhone } from './phone.ts';
import { arrayBuffer, peerCertificate } from './values.ts';

const DAY_MS = 86_400_000;

type Channel = NonNullable<Awaited<ReturnType<PrivateGateway['getChannel']>>> & {
  generateCCA(): Promise<ArrayBuffer>;
  getCDAIssuers(): Promise<Parameters<PrivateGateway['validateMessage']>[1]>;
  generateCargoes(
    messages: AsyncIterable<{ message: Buffer; expiryDate: Date }>,
  ): AsyncIterable<Buffer>;
};

/** A private gateway made of the deployed JavaScript library's classes. */
export class JsPrivateGateway {
  readonly nodeId: string;
  readonly #node: PrivateGateway;
  readonly #gateway: { readonly id: string; readonly internetAddress: string };

  private constructor(
    node: PrivateGateway,
    gateway: { readonly id: string; readonly internetAddress: string },
  ) {
    this.nodeId = node.id;
    this.#node = node;
    this.#gateway = gateway;
  }

  /** The private gateway of a phone that is registered. */
  static async of({ keys, registration }: JsPhone): Promise<JsPrivateGateway> {
    const keyStores = new MockKeyStoreSet();
    const id = await getIdFromIdentityKey(keys.publicKey);
    await keyStores.privateKeyStore.saveIdentityKey(id, keys.privateKey);
    const node = await openNode(keyStores, id);
    const { privateNodeCertificate, gatewayCertificate, sessionKey } = registration;
    if (!sessionKey) {
      throw new Error('the registration brought no session key');
    }
    await node.saveInternetGatewayChannel(privateNodeCertificate, gatewayCertificate, sessionKey);
    return new JsPrivateGateway(node, {
      id: await gatewayCertificate.calculateSubjectId(),
      internetAddress: registration.internetGatewayInternetAddress,
    });
  }

  /**
   * Makes one whose certificate ends when a test wants.
   *
   * @param certificateDays - how long its certificate is valid from now
   */
  static async issuedBy(gateway: Gateway, certificateDays = 170): Promise<JsPrivateGateway> {
    const { identity, sessionKeys, internetAddress } = gateway;
    const keyStores = new MockKeyStoreSet();
    // Its declaration uses a type that only browsers have.
    const { id, publicKey } = (await keyStores.privateKeyStore.generateIdentityKeyPair()) as {
      readonly id: string;
      readonly publicKey: CryptoKey;
    };
    const issuer = await identity.currentCertificate();
    const certificate = await issueGatewayCertificate({
      subjectKey: await derSerializePublicKey(publicKey),
      issuer,
      issuerKey: identity.publicKeyDer,
      sign: identity.sign,
      notBefore: issuer.notBefore,
      notAfter: new Date(Date.now() + certificateDays * DAY_MS),
    });
    const gatewayCertificate = peerCertificate(issuer);
    const path = new CertificationPath(peerCertificate(certificate), []);
    await keyStores.certificateStore.save(path, identity.nodeId);
    await keyStores.publicKeyStore.saveIdentityKey(await gatewayCertificate.getPublicKey());
    const sessionKey = await sessionKeys.registrationKey(id);
    // Registered yesterday, so that a session key in cargo dated three hours back is newer.
    await keyStores.publicKeyStore.saveSessionKey(
      {
        keyId: Buffer.from(sessionKey.id),
        publicKey: await derDeserializeECDHPublicKey(Buffer.from(sessionKey.publicKey)),
      },
      identity.nodeId,
      new Date(Date.now() - DAY_MS),
    );
    const node = await openNode(keyStores, id);
    return new JsPrivateGateway(node, { id: identity.nodeId, internetAddress });
  }

  async cca(): Promise<Buffer> {
    const channel = await this.#channel();
    return Buffer.from(await channel.generateCCA());
  }

  /** @param ttlDays - until the messages, and so the cargoes, expire */
  async cargoes(messages: readonly Uint8Array[], ttlDays = 1): Promise<Buffer[]> {
    const channel = await this.#channel();
    const expiryDate = new Date(Date.now() + ttlDays * DAY_MS);
    async function* all() {
      for (const message of messages) {
        yield { message: Buffer.from(message), expiryDate };
      }
    }
    const cargoes: Buffer[] = [];
    for await (const cargo of channel.generateCargoes(all())) {
      cargoes.push(cargo);
    }
    return cargoes;
  }

  /** Validates and decrypts a cargo with the library. @returns the messages in it */
  async open(octets: Uint8Array): Promise<Buffer[]> {
    const cargo = await Cargo.deserialize(arrayBuffer(octets));
    const channel = await this.#channel();
    await this.#node.validateMessage(cargo, await channel.getCDAIssuers());
    const messageSet = await this.#node.unwrapMessagePayload(cargo);
    if (!(messageSet instanceof CargoMessageSet)) {
      throw new TypeError('not a cargo message set');
    }
    return [...messageSet.messages].map((message) => Buffer.from(message));
  }

  /** Adopts the certificate that the gateway issued to replace the current one. */
  async rotate({ certificationPath }: CertificateRotation): Promise<void> {
    await this.#node.keyStores.certificateStore.save(certificationPath, this.#gateway.id);
  }

  /** A channel with the known certificate that expires last. */
  async #channel(): Promise<Channel> {
    const { id, internetAddress } = this.#gateway;
    const channel = await this.#node.getChannel(id, internetAddress);
    if (!channel) {
      throw new Error('the library did not open a channel');
    }
    return channel as Channel;
  }
}

async function openNode(keyStores: MockKeyStoreSet, id: string): Promise<PrivateGateway> {
  const node = await new PrivateGatewayManager(keyStores).get(id);
  if (!node) {
    throw new Error('the library did not open the node');
  }
  return node as PrivateGateway;
}
