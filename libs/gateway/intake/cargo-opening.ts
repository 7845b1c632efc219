import { isMessageSet, readMessageSet } from '#awala/cargo/message-set.ts';
import { readEnvelopedData } from '#awala/cms/enveloped-data.ts';
import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import type { SessionKeyKind } from '#metrics/port.ts';
import type { SessionKeys } from '../identity/sessions/session-keys.ts';

export interface CargoOpeningParts {
  readonly verifier: MessageVerifier;
  readonly sessionKeys: SessionKeys;
}

export interface OpenedCargo {
  /** Empty for a cargo that holds nothing at all. */
  readonly plaintext: Uint8Array;
  /** Of ours, for which the cargo was encrypted. */
  readonly keyKind: SessionKeyKind;
  /** Whether it opens for the sender alone: what came under another may be anybody's, whoever signed it. */
  readonly isOwn: boolean;
  readonly senderKey: SessionKey;
  readonly createdAt: Date;
}

const BOUND_KEYS: ReadonlySet<SessionKeyKind> = new Set(['registration', 'bound']);

/** Decrypts cargoes that were verified before they were stored. Nothing else comes of it: one may be opened again. */
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
    return { plaintext, keyKind: key.kind, isOwn, senderKey: envelope.originatorKey, createdAt };
  }
}

/**
 * The messages in a cargo, unread. What holds nothing at all is dealt with as a set without messages.
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
 * The one answer, also to operators, to whatever is wrong from decryption on: who
 * signed a cargo may have found its payload, and try it in many forms.
 */
function unreadable(): InvalidMessageError {
  return new InvalidMessageError(
    'decryption',
    'the cargo cannot be decrypted, or holds no set of messages',
  );
}
