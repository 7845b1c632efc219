import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { messageSetDer } from '#awala/cargo/message-set.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import { parseConnectionParameters } from '#awala/connection-parameters.ts';
import { encodeDer } from '#awala/der/writer.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { generateSessionKey, type SessionKey } from '#awala/sessions/session-key.ts';
import { unreadablePayloads } from '#test/builders/crafted-envelopes.ts';
import { craftMessage, type MessageTemplate } from '#test/builders/crafted-messages.ts';
import { hostileParcels } from '#test/fuzz/hostile-messages.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { dataFolder, GatewayProcess } from '../support/gateway-process.ts';
import { malformedMessages } from '../support/malformed-messages.ts';
import { Neighbours } from '../support/neighbours.ts';

const MIB = 1024 * 1024;
/** What may stay in use: code that was compiled meanwhile, and certificates that are known by now. */
const LASTING_OCTETS = 8 * MIB;
const VANISHING_COURIERS = 12;
/** On a busy machine, the workers take their time for 10 MB of worthless items. */
const UNPACKING_QUESTIONS = 600;
const CARGO_OCTET = 0x43;
const CCA_OCTET = 0x44;

describe('The memory of a gateway that couriers come to', () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let gateway: GatewayProcess;
  let road: Phone;
  let neighbour: Phone;
  let recipientKey: SessionKey;

  before(async () => {
    folder = await dataFolder();
    gateway = await GatewayProcess.start(folder.path, { LOG_LEVEL: 'error' });
    road = await Phone.register(gateway.poweb);
    neighbour = await Phone.register(gateway.poweb, 'neighbour');
    using client = new HttpClient(gateway.poweb);
    const { body } = await client.get('/connection-params.der');
    recipientKey = parseConnectionParameters(body).sessionKey;
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  function cargo(template: Partial<MessageTemplate>): Uint8Array {
    const { phone: sender, registration, now: createdAt } = road;
    const recipient = registration.gatewayCertificate.nodeId;
    return craftMessage({ sender, recipient, createdAt, typeOctet: CARGO_OCTET, ...template });
  }

  function sealed(messages: readonly Uint8Array[]): Uint8Array {
    const keys = { recipientKey, senderKey: generateSessionKey() };
    return encryptForSession(encodeDer(messageSetDer(messages)), keys);
  }

  /** Cargoes that are malformed, made to be expensive, too large, or hold what cannot be read. */
  function badCargoes(): Uint8Array[] {
    const { validity, phone: subject, recipient: issuer } = road;
    const malformed = malformedMessages({
      typeOctet: CARGO_OCTET,
      sender: road.phone,
      recipient: road.registration.gatewayCertificate.nodeId,
      createdAt: road.now,
      craft: cargo,
    });
    const hostile = Object.values(hostileParcels({ ...validity, subject, issuer }));
    const foreignKey = generateSessionKey();
    const plaintext = encodeDer(messageSetDer([]));
    const unreadable = Object.values(unreadablePayloads(plaintext, { recipientKey, foreignKey }));
    return [
      ...Object.values(malformed),
      ...hostile.map((parcel) => Buffer.from(parcel).fill(CARGO_OCTET, 5, 6)),
      new Uint8Array(MAX_MESSAGE_OCTETS + 1),
      ...unreadable.map(({ octets: payload }) => cargo({ payload })),
      cargo({ payload: sealed(Array<Uint8Array>(100_001).fill(Buffer.of(0))) }),
      cargo({ payload: sealed(hostile.slice(0, 1)) }),
    ];
  }

  /** Amid neighbours that go on with what they do, as the gateway waits for nobody for long. */
  async function deliverAll(cargoes: readonly Uint8Array[], neighbours: Neighbours): Promise<void> {
    using courier = new Courier(gateway.cogrpc);
    const stream = courier.deliver();
    for (const [index, octets] of cargoes.entries()) {
      stream.send({ id: String(index), cargo: octets });
      await stream.receivedAtLeast(index + 1);
      assert.equal(stream.received.length, index + 1);
      await neighbours.goOn();
    }
    stream.call.end();
    assert.equal((await stream.ended).code, status.OK);
  }

  it('returns after cargoes that are malformed, made to be expensive, or unreadable', async () => {
    const cargoes = badCargoes();
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: neighbour,
      serverPid: gateway.pid,
    });
    await deliverAll(cargoes, neighbours);
    const { usedOctets } = await gateway.memory();
    await deliverAll(cargoes, neighbours);
    await gateway.settlesAt(usedOctets + LASTING_OCTETS, UNPACKING_QUESTIONS);
    await neighbours.finish();
  });

  it('returns after CCAs that are malformed or made to be expensive', async () => {
    const small = badCargoes().filter(({ length }) => length > 6 && length < 30_000);
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: neighbour,
      serverPid: gateway.pid,
    });
    const { usedOctets } = await gateway.memory();
    using courier = new Courier(gateway.cogrpc);
    for (const octets of small) {
      const cca = Buffer.from(octets);
      cca.fill(CCA_OCTET, 5, 6);
      const { code } = await courier.collect([authorizationOf(cca)]).ended;
      assert.equal(code, status.UNAUTHENTICATED);
      await neighbours.goOn();
    }
    await gateway.settlesAt(usedOctets + LASTING_OCTETS);
    await neighbours.finish();
  });

  it('returns after couriers that vanish with cargo under way', async () => {
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: neighbour,
      serverPid: gateway.pid,
    });
    const { usedOctets } = await gateway.memory();
    for (let courierNumber = 0; courierNumber < VANISHING_COURIERS; courierNumber++) {
      using courier = new Courier(gateway.cogrpc);
      const stream = courier.deliver();
      for (let index = 0; index < 4; index++) {
        stream.send({ id: String(index), cargo: new Uint8Array(4 * MIB) });
      }
      await stream.receivedAtLeast(1);
      stream.call.cancel();
      await stream.ended;
      await neighbours.goOn();
    }
    await gateway.settlesAt(usedOctets + LASTING_OCTETS);
    await neighbours.finish();
  });
});
