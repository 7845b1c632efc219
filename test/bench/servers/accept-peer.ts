import { createHash, type webcrypto } from 'node:crypto';
import {
  derDeserializeRSAPublicKey,
  generateRSAKeyPair,
  issueGatewayCertificate,
  Parcel,
  ParcelDeliveryVerifier,
} from '@relaycorp/relaynet-core';
import { silentLog } from '#log/log.ts';
import { arrayBuffer } from '#test/peers/js/values.ts';
import {
  type AcceptingServerInfo,
  type AcceptingServerSettings,
  listenWithFastify,
  temporaryFolder,
} from './accepting-server.ts';
import { serveVitals } from './child-server.ts';
import { openEmbeddedBacking } from './embedded-backing.ts';

/**
 * The same road built on the peer library: a plain fastify server that verifies
 * countersignature, parcel and path, and stores the parcel in the same store.
 */
const settings: AcceptingServerSettings = JSON.parse(process.argv[2] ?? '{}');
const folder = await temporaryFolder();
const { objects } = await openEmbeddedBacking(folder, silentLog);

const { privateKey, publicKey }: webcrypto.CryptoKeyPair = await generateRSAKeyPair();
const validityEndDate = new Date(Date.now() + 30 * 86_400_000);
const own = await issueGatewayCertificate({
  issuerPrivateKey: privateKey,
  subjectPublicKey: publicKey,
  validityEndDate,
});
const phone = await issueGatewayCertificate({
  issuerCertificate: own,
  issuerPrivateKey: privateKey,
  subjectPublicKey: await derDeserializeRSAPublicKey(Buffer.from(settings.phoneKey, 'base64')),
  validityEndDate,
});
const verifier = new ParcelDeliveryVerifier([own]);

const port = await listenWithFastify(async (body, authorization) => {
  const [, base64 = ''] = authorization.split(' ');
  const octets = arrayBuffer(body);
  await verifier.verify(arrayBuffer(Buffer.from(base64, 'base64')), octets);
  const parcel = await Parcel.deserialize(octets);
  const path = await parcel.validate([own]);
  const sender = await parcel.senderCertificate.calculateSubjectId();
  const gateway = await path?.[2]?.calculateSubjectId();
  const id = createHash('sha256').update(parcel.id).digest('hex');
  const key = `parcels/gateway-bound/${gateway}/${parcel.recipient.id}/${sender}/${id}`;
  await objects.put(key, body, { expiresAt: parcel.expiryDate });
});
serveVitals<AcceptingServerInfo>({
  port,
  phoneCertificate: Buffer.from(phone.serialize()).toString('base64'),
});
