import { MessageVerifier } from '#awala/message-verifier.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Certificate } from '#awala/x509/certificate.ts';

const verifier = new MessageVerifier();

/**
 * Decides like Android's courier app whether to keep a cargo that it collected, and has already
 * acknowledged: only if the recipient's certificate is attached, and the cargo is valid with that as
 * the only trusted certificate.
 *
 * @returns why the app drops the cargo; null if it keeps it
 */
export function whyAndroidDrops(octets: Uint8Array, now: Date): string | null {
  try {
    const cargo = verifier.read(octets, 'cargo');
    const recipient = recipientCertificate(cargo);
    if (!recipient) {
      return 'the recipient’s certificate is missing';
    }
    const { createdAt, expiresAt, sender } = cargo;
    if (now < createdAt || expiresAt < now) {
      return 'it is not valid now';
    }
    // Unlike us, it tolerates no clock drift.
    if (now < sender.notBefore || sender.notAfter < now) {
      return 'the sender’s certificate is not valid now';
    }
    verifier.verifyAuthorised(cargo, { at: now, anchors: [recipient] });
    return null;
  } catch (error) {
    return String(error);
  }
}

/** The attached certificate of the recipient's key whose subject issued the sender's certificate. */
function recipientCertificate(cargo: RamfMessage): Certificate | undefined {
  const { recipient, sender, attachedCertificates } = cargo;
  return attachedCertificates.find(
    (certificate) =>
      !certificate.equals(sender) &&
      certificate.nodeId === recipient.id &&
      isEqual(sender.issuer, certificate.subject) &&
      isEqual(sender.authorityKeyId, certificate.subjectKeyId),
  );
}

function isEqual(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a !== null && b !== null && Buffer.compare(a, b) === 0;
}
