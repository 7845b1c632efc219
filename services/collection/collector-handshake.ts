import { setImmediate as othersTurn } from 'node:timers/promises';
import { parseHandshakeResponse } from '#awala/collection/handshake.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { isEstablished } from '#gateway/identity/established.ts';
import type { Identity } from '#gateway/identity/identity.ts';
import type { RenewalNotes } from '#gateway/identity/renewal-notes.ts';
import type { Withdrawals } from '#gateway/identity/withdrawals.ts';

/** What verifying a handshake needs. */
export interface HandshakeParts {
  readonly identity: Pick<Identity, 'trustedCertificates'>;
  readonly verifier: MessageVerifier;
  /** Null, as by default, where nothing can be revoked. */
  readonly withdrawals?: Pick<Withdrawals, 'requireUnrevoked'> | null;
  readonly clock: Clock;
  /** Missing in a process that writes no records. */
  readonly renewalNotes?: Pick<RenewalNotes, 'met'>;
}

/** Who a client proved to be. */
interface CollectorIdentity {
  /** Each once; one at least. */
  readonly nodes: readonly NodeId[];
  /** Whether the first of them is established. */
  readonly isEstablished: boolean;
}

/** Signatures verified before others get their turn: some 2 ms of CPU. */
const SIGNATURES_AT_ONCE = 10;

/**
 * Verifies a client's answer to the challenge.
 *
 * @param answer.handshake - serialised
 * @param answer.nonce - of the challenge
 * @param gone - aborted when the client is gone
 * @throws {MalformedMessageError | InvalidMessageError} if any signature is bad
 * @throws {BackingUnavailableError}
 * @throws the reason of `gone`
 * @see RS-016 "Parcel collection"
 */
export async function authenticateCollector(
  { handshake, nonce }: { readonly handshake: Uint8Array; readonly nonce: Uint8Array },
  { identity, verifier, withdrawals, clock, renewalNotes }: HandshakeParts,
  gone: AbortSignal,
): Promise<CollectorIdentity> {
  const signatures = parseHandshakeResponse(handshake);
  const anchors = await identity.trustedCertificates();
  const trust = { at: clock.now(), anchors };
  /** And whether they are established, by any of their certificates. */
  const nodes = new Map<NodeId, boolean>();
  for (const [index, signature] of signatures.entries()) {
    if (index % SIGNATURES_AT_ONCE === SIGNATURES_AT_ONCE - 1) {
      await othersTurn();
      gone.throwIfAborted();
    }
    const signer = verifier.verifyDetached(signature, nonce, 'collection-handshake', trust);
    await withdrawals?.requireUnrevoked(signer);
    const { nodeId } = signer;
    nodes.set(nodeId, nodes.get(nodeId) || isEstablished(signer, trust.at));
    renewalNotes?.met(signer);
  }
  const [isFirstEstablished = false] = nodes.values();
  return { nodes: [...nodes.keys()], isEstablished: isFirstEstablished };
}
