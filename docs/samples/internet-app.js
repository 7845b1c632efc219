/**
 * An Internet app that answers texts. Parcels reach it by PoHTTP; its answers go by PoHTTP to the
 * gateway of whoever they are for.
 *
 *   GET  /connection-params.der   what others must know to send it parcels
 *   POST /                        takes a parcel
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { arrayBuffer } from 'node:stream/consumers';
import {
  getIdFromIdentityKey,
  MAX_RAMF_MESSAGE_LENGTH,
  NodeConnectionParams,
  Parcel,
  PrivateEndpointConnParams,
  ServiceMessage,
} from '@relaycorp/relaynet-core';
import { deliverParcel } from '@relaycorp/relaynet-pohttp';
import { AppEndpoint, octetsOf, PERMISSION, TEXT } from './endpoint.js';

const { APP_ADDRESS = 'app.localhost', APP_PORT = '9000' } = process.env;
/** The gateway on this machine, by the variables that it reads itself. */
const { INTERNET_ADDRESS = 'gateway.localhost', POHTTP_PORT = '8081' } = process.env;

const app = await AppEndpoint.make();
/** For those who write for the first time; every message brings a newer key. */
const params = new NodeConnectionParams(
  APP_ADDRESS,
  app.identityKeyPair.publicKey,
  await app.generateSessionKey(),
);
const paramsSerialised = Buffer.from(await params.serialize());

/** The channels to those who permitted us to send them parcels, by their node ids. */
const channels = new Map();
/** Texts to answer: a text may arrive before its sender's permission. */
let unanswered = [];

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'GET') {
      response.end(paramsSerialised);
    } else {
      response.writeHead(await accept(request)).end();
    }
  } catch (error) {
    // The gateway keeps the parcel, and brings it again.
    console.error(error);
    response.writeHead(503).end();
  }
});
server.listen(Number(APP_PORT), '127.0.0.1');
await once(server, 'listening');
console.log(`${APP_ADDRESS} takes parcels at http://127.0.0.1:${APP_PORT}`);

/** @returns 202 for a parcel that we have; 4xx for one that must not come again */
async function accept(request) {
  if (Number(request.headers['content-length'] ?? Infinity) > MAX_RAMF_MESSAGE_LENGTH) {
    return 413;
  }
  const octets = await arrayBuffer(request);
  try {
    const parcel = await Parcel.deserialize(octets);
    await app.validateMessage(parcel);
    const message = await app.unwrapMessagePayload(parcel);
    await take(message, await parcel.senderCertificate.calculateSubjectId());
  } catch (error) {
    console.log(`refused a parcel: ${error.message}`);
    return 403;
  }
  await answer();
  return 202;
}

async function take(message, sender) {
  if (message.type === TEXT) {
    console.log(`received “${message.content}”`);
    unanswered.push({ sender, text: message.content.toString() });
  } else if (message.type === PERMISSION) {
    const permission = await PrivateEndpointConnParams.deserialize(octetsOf(message.content));
    if ((await getIdFromIdentityKey(permission.identityKey)) !== sender) {
      throw new Error('the permission is not its sender’s');
    }
    channels.set(sender, await app.savePrivateEndpointChannel(permission));
  }
}

/** Answers whom we may. */
async function answer() {
  const answerable = unanswered.filter(({ sender }) => channels.has(sender));
  unanswered = unanswered.filter(({ sender }) => !channels.has(sender));
  for (const { sender, text } of answerable) {
    const channel = channels.get(sender);
    const message = new ServiceMessage(TEXT, Buffer.from(`You said “${text}”.`));
    const parcel = await channel.makeMessage(message, Parcel);
    await deliver(parcel, channel.peer.internetAddress);
    console.log(`answered by ${channel.peer.internetAddress}`);
  }
}

/** The library finds a gateway by its address in the DNS, which need not know one on this machine. */
async function deliver(parcel, internetAddress) {
  if (internetAddress === INTERNET_ADDRESS) {
    await deliverParcel(`http://127.0.0.1:${POHTTP_PORT}`, parcel, { useTls: false });
  } else {
    await deliverParcel(internetAddress, parcel);
  }
}
