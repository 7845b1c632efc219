import {
  Cargo,
  CargoMessageSet,
  CertificationPath,
  derDeserializeECDHPublicKey,
  derSerializePublicKey,
  MockKeyStoreSet,
  type PrivateGateway,
  PrivateGatewayManager,
} from '@relaycorp/relaynet-core';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import type { OpenedCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { arrayBuffer, peerCertificate } from '../peer-values.ts';

const INTERNET_ADDRESS = 'gateway.example';
const DAY_MS = 86_400_000;

type Channel = NonNullable<Awaited<ReturnType<PrivateGateway['getChannel']>>> & {
  generateCCA(): Promise<ArrayBuffer>;
  getCDAIssuers(): Promise<Parameters<PrivateGateway['validateMessage']>[1]>;
  generateCargoes(
    messages: AsyncIterable<{ message: Buffer; expiryDate: Date }>,
  ): AsyncIterable<Buffer>;
};

/** A private gateway made of the deployed JavaScript library's own classes. */
export class JsPrivateGateway {
  readonly nodeId: string;
  readonly #node: PrivateGateway;
  readonly #channel: Channel;

  private constructor(node: PrivateGateway, channel: Channel) {
    this.nodeId = node.id;
    this.#node = node;
    this.#channel = channel;
  }

  /**
   * Registers with the gateway.
   *
   * @param certificateDays - how long its certificate lasts
   */
  static async register(opened: OpenedCogrpc, certificateDays = 170): Promise<JsPrivateGateway> {
    const keyStores = new MockKeyStoreSet();
    // Its declaration builds on a type of browsers, which is not there.
    const { id, publicKey } = (await keyStores.privateKeyStore.generateIdentityKeyPair()) as {
      readonly id: string;
      readonly publicKey: CryptoKey;
    };
    const { gateway } = opened;
    const certificate = await issueGatewayCertificate({
      subjectKey: await derSerializePublicKey(publicKey),
      issuer: gateway.certificate,
      issuerKey: gateway.spki,
      sign: gateway.sign,
      notBefore: gateway.certificate.notBefore,
      notAfter: new Date(Date.now() + certificateDays * DAY_MS),
    });
    const gatewayCertificate = peerCertificate(gateway.certificate);
    const path = new CertificationPath(peerCertificate(certificate), []);
    await keyStores.certificateStore.save(path, gateway.nodeId);
    await keyStores.publicKeyStore.saveIdentityKey(await gatewayCertificate.getPublicKey());
    const sessionKey = await opened.sessionKeys.initialKey();
    // Registered yesterday: a session key that comes with a cargo dated three hours back is newer.
    await keyStores.publicKeyStore.saveSessionKey(
      {
        keyId: Buffer.from(sessionKey.id),
        publicKey: await derDeserializeECDHPublicKey(Buffer.from(sessionKey.publicKey)),
      },
      gateway.nodeId,
      new Date(Date.now() - DAY_MS),
    );
    const node = await new PrivateGatewayManager(keyStores).get(id);
    const channel = await node?.getChannel(gateway.nodeId, INTERNET_ADDRESS);
    if (!node || !channel) {
      throw new Error('the library did not open a channel');
    }
    return new JsPrivateGateway(node as PrivateGateway, channel as Channel);
  }

  async cca(): Promise<Buffer> {
    return Buffer.from(await this.#channel.generateCCA());
  }

  async cargoes(messages: readonly Buffer[]): Promise<Buffer[]> {
    const expiryDate = new Date(Date.now() + DAY_MS);
    async function* all() {
      for (const message of messages) {
        yield { message, expiryDate };
      }
    }
    const cargoes: Buffer[] = [];
    for await (const cargo of this.#channel.generateCargoes(all())) {
      cargoes.push(cargo);
    }
    return cargoes;
  }

  /** Validates and decrypts a cargo, as the library does. @returns what is in it */
  async open(octets: Uint8Array): Promise<Buffer[]> {
    const cargo = await Cargo.deserialize(arrayBuffer(octets));
    await this.#node.validateMessage(cargo, await this.#channel.getCDAIssuers());
    const messageSet = await this.#node.unwrapMessagePayload(cargo);
    if (!(messageSet instanceof CargoMessageSet)) {
      throw new TypeError('not a cargo message set');
    }
    return [...messageSet.messages].map((message) => Buffer.from(message));
  }
}
