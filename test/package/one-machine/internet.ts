import assert from 'node:assert/strict';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { systemClock } from '#clock/clock.ts';
import { AWALA_SERVICES } from '#services/standalone/reach/awala-services.ts';
import { findService } from '#services/standalone/reach/find-service.ts';
import { Resolvers } from '#services/standalone/reach/resolvers.ts';
import { BROKER_VARIABLE } from '#test/backing/ask-broker.ts';
import { Pebble } from '#test/backing/pebble.ts';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { trustInThisProcess } from '#test/end-to-end/public-port/certificate-files.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { TlsFront } from '#test/services/tls-front.ts';
import { answerQuestions } from '#test/slow-links/namespaces/child.ts';
import { INTERNET } from './two-networks.ts';

/** The resolvers that clients have built in. */
const RESOLVERS = ['dns.google', 'cloudflare-dns.com'];

// Who hands out ports to tests is in another network.
delete process.env[BROKER_VARIABLE];

const authority = new TlsAuthority('Authority of the resolvers');
const doh = await DohServer.start();
await TlsFront.start({
  certificate: authority.issue({ names: RESOLVERS }),
  protocols: ['http/1.1'],
  backend: Number(doh.url.port),
  host: INTERNET.ipv4,
  port: 443,
});
const pebble = await Pebble.start({ host: INTERNET.ipv4, httpPort: 80 });
trustInThisProcess(pebble.authority);
const roots = [authority.root, pebble.authority.root, await pebble.root()];

/** What the rest of the world does for a new server. */
const answers = {
  /** @returns the resolvers' names, the certificate authority, and whom to trust, as PEM */
  describe: () => ({ resolvers: RESOLVERS, directory: pebble.directory, roots: roots.join('') }),

  /** Puts lines of a zone file into the DNS, with DNSSEC. */
  async publish(lines: readonly string[]): Promise<void> {
    const addresses: { host: string; ipv4: string[]; ipv6: string[] } = {
      host: '',
      ipv4: [],
      ipv6: [],
    };
    for (const line of lines) {
      const [owner = '', ttl, , type, ...data] = line.trim().split(/\s+/);
      const name = owner.replace(/\.$/, '');
      if (type === 'SRV') {
        const [, , port, target = ''] = data;
        const srv = { target: target.replace(/\.$/, ''), port: Number(port) };
        const answer = { type, name, ttl: Number(ttl), data: srv } as const;
        doh.set('SRV', name, { isAuthentic: true, answers: [answer] });
      } else {
        assert.ok(type === 'A' || type === 'AAAA', line);
        doh.setAddress(name, data[0] ?? '');
        addresses.host = name;
        addresses[type === 'A' ? 'ipv4' : 'ipv6'].push(data[0] ?? '');
      }
    }
    await pebble.point(addresses.host, addresses);
  },

  /**
   * Lets a phone of the deployed client register with a gateway of which it knows the address alone,
   * send a parcel to itself and collect it.
   *
   * @returns what was in the parcel
   */
  async phone({ address }: { readonly address: string }): Promise<string> {
    trustInThisProcess({ root: roots.join('') });
    await using resolvers = new Resolvers({
      clock: systemClock,
      resolver: doh.url,
    });
    const service = AWALA_SERVICES.phones;
    const { host, port } = await findService(resolvers.dnsFor('phones'), service, address);
    const phone = await JsPhone.registerOverTls(host, port);
    await phone.deliver(await phone.makeParcel(Buffer.from('to myself')));
    const mode = StreamingMode.CLOSE_UPON_COMPLETION;
    for await (const collected of phone.client.collectParcels([phone.collectionSigner], mode)) {
      const { payloadSerialized } = await collected.deserializeAndValidateParcel();
      await collected.ack();
      return payloadSerialized.toString();
    }
    return '';
  },
};

export type Internet = typeof answers;

answerQuestions(answers);
