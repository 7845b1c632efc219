import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { oid } from '#awala/der/oids.ts';
import { TAG } from '#awala/der/reader.ts';
import {
  bitString,
  constructed,
  type DerPart,
  type DerValue,
  encodeDer,
  implicit,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
} from '#awala/der/writer.ts';
import type { TlsCertificate } from '#certificates/port.ts';

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = sequence(objectIdentifier(oid('1.2.840.10045.4.3.2')));
const TRUE = tagged(TAG.boolean, Uint8Array.of(0xff));
const IS_AUTHORITY = extension('2.5.29.19', sequence(TRUE));
const DEFAULT_NAMES = ['gateway.example', 'localhost', '127.0.0.1'];

interface TlsTemplate {
  /** Domain names and IPv4 addresses. @default gateway.example, localhost and 127.0.0.1 */
  readonly names?: readonly string[];
  readonly validFrom?: Date;
  /** @default 90 days after the start */
  readonly expiresAt?: Date;
}

/** Issues certificates for TLS servers, such as no client trusts by itself. */
export class TlsAuthority {
  /** As PEM, for clients that shall trust what it issues. */
  readonly root: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #name: DerValue;

  constructor(name = 'Authority of a test') {
    this.#name = nameOf(name);
    const subject = { name: this.#name, key: this.#keys.publicKey };
    this.root = this.#sign(subject, {}, [IS_AUTHORITY]);
  }

  issue(template: TlsTemplate = {}): TlsCertificate {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { names = DEFAULT_NAMES } = template;
    const subject = { name: nameOf(names[0] ?? ''), key: keys.publicKey };
    const chain = this.#sign(subject, template, [subjectNames(names)]);
    return { chain, key: pemOfKey(keys.privateKey), ...datesOf(template) };
  }

  #sign(subject: Named, template: TlsTemplate, extensions: readonly DerValue[]): string {
    const issuer = { name: this.#name, key: this.#keys.privateKey };
    return certificate({ subject, issuer, template, extensions });
  }
}

/** A certificate that signed itself: clients that trust it need no authority, and trust no other. */
export function selfSigned(template: TlsTemplate = {}): TlsCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { names = DEFAULT_NAMES } = template;
  const name = nameOf(names[0] ?? '');
  const chain = certificate({
    subject: { name, key: publicKey },
    issuer: { name, key: privateKey },
    template,
    extensions: [subjectNames(names), IS_AUTHORITY],
  });
  return { chain, key: pemOfKey(privateKey), ...datesOf(template) };
}

interface Named {
  readonly name: DerValue;
  readonly key: KeyObject;
}

interface CertificateParts {
  readonly subject: Named;
  readonly issuer: Named;
  readonly template: TlsTemplate;
  readonly extensions: readonly DerValue[];
}

/** @returns PEM */
function certificate({ subject, issuer, template, extensions }: CertificateParts): string {
  const { validFrom, expiresAt } = datesOf(template);
  const spki = subject.key.export({ type: 'spki', format: 'der' });
  const tbs = encodeDer(
    sequence(
      constructed(0, tagged(TAG.integer, Uint8Array.of(2))),
      tagged(
        TAG.integer,
        Uint8Array.of(1, ...createHash('sha256').update(spki).digest().subarray(0, 8)),
      ),
      ECDSA_WITH_SHA256,
      issuer.name,
      sequence(utcTime(validFrom), utcTime(expiresAt)),
      subject.name,
      spki,
      constructed(3, sequence(...extensions)),
    ),
  );
  const signature = sign('sha256', tbs, issuer.key);
  const der = encodeDer(sequence(tbs, ECDSA_WITH_SHA256, bitString(signature)));
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function pemOfKey(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

function datesOf({ validFrom = new Date(Date.now() - DAY_MS), expiresAt }: TlsTemplate) {
  const start = new Date(Math.floor(validFrom.getTime() / 1_000) * 1_000);
  return { validFrom: start, expiresAt: expiresAt ?? new Date(start.getTime() + 90 * DAY_MS) };
}

function extension(id: string, value: DerPart): DerValue {
  return sequence(objectIdentifier(oid(id)), octetString(value));
}

function subjectNames(names: readonly string[]): DerValue {
  return extension('2.5.29.17', sequence(...names.map(generalName)));
}

function nameOf(commonName: string): DerValue {
  const text = tagged(TAG.utf8String, Buffer.from(commonName));
  return sequence(set(sequence(objectIdentifier(oid('2.5.4.3')), text)));
}

function generalName(name: string): DerValue {
  return /^[\d.]+$/.test(name)
    ? implicit(7, Uint8Array.from(name.split('.').map(Number)))
    : implicit(2, Buffer.from(name));
}

function utcTime(date: Date): DerValue {
  const digits = date.toISOString().replace(/\..*|[-:T]/g, '');
  return tagged(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`));
}
