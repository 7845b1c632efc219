import { hash } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import { recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';

/**
 * A private gateway that may register where newcomers may not: it has a certificate of ours, or an
 * operator invited it by its id. Empty, by {@link knownPhoneId}.
 *
 * @see docs/decisions/registration-policy.md
 */
export const KNOWN_PHONE = recordKind(RECORD_KIND.renewalNote);

/** Holds no id: only whoever has it can tell. */
export function knownPhoneId(peer: NodeId): string {
  return hash('sha256', `registration of ${peer}`);
}
