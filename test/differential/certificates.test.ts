import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { OIDS, oid } from '#awala/der/oids.ts';
import { TAG } from '#awala/der/reader.ts';
import { hexOf } from '#awala/der/text.ts';
import { integer, octetString, sequence } from '#awala/der/writer.ts';
import { MalformedMessageError } from '#awala/errors.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { craftCertificateDer, extension } from '#test/builders/crafted-certificates.ts';
import { identity, validAround } from '#test/builders/peers.ts';
import { copyOf, descendants, type Element, putTogether, takeApart } from './der-tree.ts';
import { mutateOctets } from './octet-mutations.ts';
import { PeerRoad } from './peer-road.ts';
import { SeededRandom } from './random.ts';
import { TreeMutator } from './tree-mutations.ts';

const SEED = 20_260_301;
const MUTANTS = 20_000;

/** What can be wrong with an element by itself. */
const FAULTS: Readonly<Record<string, (content: Uint8Array) => Uint8Array>> = {
  'without content': () => new Uint8Array(),
  'with 0x80 in front': (content) => Buffer.concat([Buffer.of(0x80), content]),
  'with zero in front': (content) => Buffer.concat([Buffer.of(0), content]),
  'with 0xff in front': (content) => Buffer.concat([Buffer.of(0xff), content]),
  'with a last octet that goes on': (content) =>
    Uint8Array.from(content, (octet, at) => (at === content.length - 1 ? octet | 0x80 : octet)),
  'without its last octet': (content) => content.subarray(0, -1),
  'with an octet behind': (content) => Buffer.concat([content, Buffer.of(0)]),
};
const TAGS = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x17, 0x18, 0x1e, 0x30, 0x31];

describe('A certificate that we accept', () => {
  let originals: readonly Uint8Array[];

  before(async () => {
    const validity = validAround(new Date('2026-03-01T12:00:00Z'));
    const subject = identity('subject');
    const issuer = identity('issuer');
    const moreExtensions = [
      extension(oid('1.2.3.400.5'), false, sequence(integer(1), octetString())),
      extension(OIDS.deliveryRateLimit, false, sequence(integer(10), integer(86_400))),
    ];
    const names = [TAG.bmpString, TAG.utf8String, TAG.printableString];
    originals = [
      (await PeerRoad.build([2048])).anchor.der,
      ...names.map((nameTag) =>
        craftCertificateDer({ ...validity, subject, issuer, nameTag, moreExtensions }),
      ),
    ];
  });

  it('OpenSSL accepts, whatever is wrong with one of its elements', () => {
    let refused = 0;
    for (const original of originals) {
      for (const [what, mutant] of faultyOnes(original)) {
        refused += isAccepted(mutant, what) ? 0 : 1;
      }
    }
    assert.ok(refused > 1_000, `only ${refused} mutants were refused`);
  });

  it(`OpenSSL accepts, whatever is changed at random (seed ${SEED})`, (test) => {
    const random = new SeededRandom(SEED);
    const mutator = new TreeMutator([...originals]);
    let accepted = 0;
    for (let count = 0; count < MUTANTS; count++) {
      const isTree = count % 2 === 0;
      const mutant = isTree ? mutator.mutate(random) : mutateOctets(random.pick(originals), random);
      accepted += isAccepted(mutant, `mutant ${count}`) ? 1 : 0;
    }
    test.diagnostic(`${accepted} of ${MUTANTS} mutants accepted`);
  });

  it('has object identifiers that are not empty, truncated or padded, be they ignored', () => {
    const [, original] = originals;
    assert.ok(original);
    const ignored = Buffer.from(oid('1.2.3.400.5').content);
    const elementsOf = (root: Element) =>
      descendants(root).filter(({ tag, content }) => tag === TAG.oid && ignored.equals(content));
    for (const what of [
      'without content',
      'with a last octet that goes on',
      'with 0x80 in front',
    ]) {
      const root = takeApart(original);
      const [found] = elementsOf(root);
      assert.ok(found);
      Object.assign(found, { content: FAULTS[what]?.(found.content) });
      assert.throws(() => Certificate.parse(putTogether(root)), MalformedMessageError, what);
    }
  });
});

/** @returns whether we accept it; fails if we do and OpenSSL does not */
function isAccepted(der: Uint8Array, what: string): boolean {
  let certificate: Certificate;
  try {
    certificate = Certificate.parse(der);
  } catch (error) {
    assert.ok(error instanceof MalformedMessageError, `${what} makes us throw ${error}`);
    return false;
  }
  if (!hasPaddedSerialNumber(certificate)) {
    assert.doesNotThrow(() => new X509Certificate(der), `${what}: ${hexOf(der)}`);
  }
  return true;
}

/** The one thing that we accept and OpenSSL does not, as the JavaScript peers write it once in five hundred times. */
function hasPaddedSerialNumber({ serialNumber: [first, second = 0x80] }: Certificate): boolean {
  return first === 0 && second < 0x80;
}

/** Each element of the certificate, also those in extensions, with each fault and of each type. */
function* faultyOnes(der: Uint8Array): Generator<[what: string, mutant: Uint8Array]> {
  const root = takeApart(der);
  for (const index of descendants(root).keys()) {
    const path = `element ${index}`;
    for (const [fault, change] of Object.entries(FAULTS)) {
      yield [`${path} ${fault}`, changed(root, index, (element) => change(contentOf(element)))];
    }
    for (const tag of TAGS) {
      yield [`${path} as ${tag}`, changed(root, index, contentOf, tag)];
    }
  }
}

function changed(
  root: Element,
  index: number,
  contentFor: (element: Element) => Uint8Array,
  tag?: number,
): Uint8Array {
  const copy = copyOf(root);
  const element = descendants(copy)[index];
  if (element) {
    const content = contentFor(element);
    Object.assign(element, { tag: tag ?? element.tag, content, children: null });
  }
  return putTogether(copy);
}

function contentOf(element: Element): Uint8Array {
  return element.children
    ? Buffer.concat(element.children.map((child) => putTogether(child)))
    : element.content;
}
