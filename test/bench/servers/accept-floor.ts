import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { internetGateway, validAround } from '#test/builders/peers.ts';
import { verificationFloor } from '../floor.ts';
import {
  type AcceptingServerInfo,
  type AcceptingServerSettings,
  listenWithFastify,
  temporaryFolder,
} from './accepting-server.ts';
import { AppendedFile } from './appended-file.ts';
import { serveVitals } from './child-server.ts';

/**
 * What no way of accepting parcels can do without: a fastify route, two verifications, and a durable
 * write of the same size, which parcels that come at one time share.
 */
const settings: AcceptingServerSettings = JSON.parse(process.argv[2] ?? '{}');
const file = new AppendedFile(await open(join(await temporaryFolder(), 'parcels'), 'a'));
const verify = verificationFloor();
const port = await listenWithFastify(async (parcel) => {
  verify([parcel, parcel]);
  await file.append(parcel);
});

const validity = validAround(new Date());
const gateway = await internetGateway('gateway', validity);
const phone = await issueGatewayCertificate({
  subjectKey: Buffer.from(settings.phoneKey, 'base64'),
  issuer: gateway.certificate,
  issuerKey: gateway.spki,
  sign: gateway.sign,
  ...validity,
});
serveVitals<AcceptingServerInfo>({
  port,
  phoneCertificate: Buffer.from(phone.der).toString('base64'),
});
