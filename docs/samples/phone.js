/**
 * A phone: the private gateway, which is the Awala app on Android, and an app on it. Registers with
 * the Internet gateway, sends a text to an Internet app, and collects the answer.
 */
import {
  CertificationPath,
  generateRSAKeyPair,
  getIdFromIdentityKey,
  issueDeliveryAuthorization,
  issueEndpointCertificate,
  NodeConnectionParams,
  Parcel,
  ParcelCollectionHandshakeSigner,
  ParcelDeliverySigner,
  PrivateEndpointConnParams,
  PrivateNodeRegistrationRequest,
  ServiceMessage,
  StreamingMode,
} from '@relaycorp/relaynet-core';
import { PoWebClient } from '@relaycorp/relaynet-poweb';
import { AppEndpoint, PERMISSION, TEXT } from './endpoint.js';

const { APP_PORT = '9000', POWEB_PORT = '8080' } = process.env;
const [text = 'Hello'] = process.argv.slice(2);

// 1. The private gateway registers with the Internet gateway.
const gateway = PoWebClient.initLocal(Number(POWEB_PORT));
const phoneKeys = await generateRSAKeyPair();
const authorization = await gateway.preRegisterNode(phoneKeys.publicKey);
const request = new PrivateNodeRegistrationRequest(phoneKeys.publicKey, authorization);
const registration = await gateway.registerNode(await request.serialize(phoneKeys.privateKey));
const phoneCertificate = registration.privateNodeCertificate;
const gatewayAddress = registration.internetGatewayInternetAddress;
console.log(`registered with ${gatewayAddress}`);

// 2. An app registers with the private gateway, which issues its certificate.
const app = await AppEndpoint.make();
const appCertificate = await issueEndpointCertificate({
  issuerCertificate: phoneCertificate,
  issuerPrivateKey: phoneKeys.privateKey,
  subjectPublicKey: app.identityKeyPair.publicKey,
  validityEndDate: phoneCertificate.expiryDate,
});

// 3. It needs to know the Internet app. Android apps have this as a resource.
const response = await fetch(`http://127.0.0.1:${APP_PORT}/connection-params.der`);
const peer = await NodeConnectionParams.deserialize(await response.arrayBuffer());
const peerId = await getIdFromIdentityKey(peer.identityKey);
const { certificateStore, publicKeyStore } = app.keyStores;
await certificateStore.save(new CertificationPath(appCertificate, [phoneCertificate]), peerId);
await publicKeyStore.saveIdentityKey(peer.identityKey);
await publicKeyStore.saveSessionKey(peer.sessionKey, peerId, new Date());
const channel = await app.getChannel(peerId, peer.internetAddress);

// 4. It permits the Internet app to answer, and sends its text. The private gateway countersigns.
const permission = new PrivateEndpointConnParams(
  app.identityKeyPair.publicKey,
  gatewayAddress,
  new CertificationPath(
    await issueDeliveryAuthorization({
      issuerCertificate: appCertificate,
      issuerPrivateKey: app.identityKeyPair.privateKey,
      subjectPublicKey: peer.identityKey,
      validityEndDate: appCertificate.expiryDate,
    }),
    [appCertificate, phoneCertificate],
  ),
  await app.generateSessionKey(peerId),
);
await send(PERMISSION, Buffer.from(await permission.serialize()));
await send(TEXT, Buffer.from(text));
console.log(`sent “${text}” to ${peer.internetAddress}`);

// 5. It collects the answer. What is acknowledged is not sent again.
const collector = new ParcelCollectionHandshakeSigner(phoneCertificate, phoneKeys.privateKey);
for await (const collection of gateway.collectParcels([collector], StreamingMode.KEEP_ALIVE)) {
  const parcel = await collection.deserializeAndValidateParcel();
  const message = await app.unwrapMessagePayload(parcel);
  await collection.ack();
  console.log(`received “${message.content}”`);
  break;
}

async function send(type, content) {
  const parcel = await channel.makeMessage(new ServiceMessage(type, content), Parcel);
  await gateway.deliverParcel(
    parcel,
    new ParcelDeliverySigner(phoneCertificate, phoneKeys.privateKey),
  );
}
