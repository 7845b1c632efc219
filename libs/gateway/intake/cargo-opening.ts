import { isMessageSet, readMessageSet } from '#awala/cargo/message-set.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import type { SessionKeyKind } from '#metrics/port.ts';
import type { SessionKeys } from '../identity/sessions/session-keys.ts';

/** What {@link CargoOpening} needs. */
export interface CargoOpeningParts {
  readonly verifier: MessageVerifier;
  readonly sessionKeys: SessionKeys;
}

/** A decrypted cargo. */
export interface OpenedCargo {
  /** Empty for a cargo without contents. */
  readonly plaintext: Uint8Array;
  /** Kind of our session key that the cargo was encrypted for. */
  readonly keyKind: SessionKeyKind;
  /** Whether that key opens for the sender alone; otherwise the contents may be anybody's. */
  readonly isOwn: boolean;
  /** Of the cargo's sender. */
  readonly certificate: Certificate;
  readonly senderKey: SessionKey;
  readonly createdAt: Date;
}

const BOUND_KEYS: ReadonlySet<SessionKeyKind> = new Set(['registration', 'bound']);

/**
 * Decrypts cargo that was verified before it was stored. Has no effects, so a cargo may be opened
 * again.
 */
export class CargoOpening {
  readonly #parts: CargoOpeningParts;

  constructor(parts: CargoOpeningParts) {
    this.#parts = parts;
  }

  /**
   * @returns null for a cargo without a payload, which holds nothing
   * @throws {MalformedMessageError}
   * @throws {InvalidMessageError} `decryption`, also if there is no key that the sender may use
   */
  async open(octets: Uint8Array, sender: NodeId): Promise<OpenedCargo | null> {
    const { verifier, sessionKeys } = this.#parts;
    const cargo = verifier.read(octets, 'cargo');
    if (cargo.sender.nodeId !== sender) {
      throw new InvalidMessageError('certificate', 'the cargo is not by whom its key names');
    }
    if (cargo.payload.length === 0) {
      return null;
    }
    const { createdAt } = cargo;
    const envelope = readEnvelopedData(cargo.payload);
    const key = await sessionKeys.openingKey(envelope.recipientKeyId, cargo.sender);
    const { octets: plaintext, isSound } = envelope.attempt(key?.privateKey ?? null);
    const isOwn = key !== null && BOUND_KEYS.has(key.kind);
    // Whether there is a message in what somebody cut or changed must not show.
    if (!key || !isSound || !(isOwn || isMessageSet(plaintext))) {
      throw unreadable();
    }
    return {
      plaintext,
      keyKind: key.kind,
      isOwn,
      certificate: cargo.sender,
      senderKey: envelope.originatorKey,
      createdAt,
    };
  }
}

/**
 * The messages in a cargo, unread. An empty plaintext counts as a set without messages.
 *
 * @throws {InvalidMessageError} `decryption` while iterating, if the octets are not a message set
 */
export function* messagesIn({ plaintext }: OpenedCargo): Generator<Uint8Array, void, undefined> {
  if (plaintext.length === 0) {
    return;
  }
  try {
    yield* readMessageSet(plaintext);
  } catch (error) {
    throw error instanceof MalformedMessageError ? unreadable() : error;
  }
}

/**
 * The one answer, even to operators, to every failure from decryption on: the signer of a cargo may
 * have found its payload, and try many variants.
 */
function unreadable(): InvalidMessageError {
  return new InvalidMessageError(
    'decryption',
    'the cargo cannot be decrypted, or holds no set of messages',
  );
}
