import { hash } from 'node:crypto';

/**
 * Identifies a node by its identity key: `0` followed by the 64 lowercase hex
 * digits of the SHA-256 of the key's DER SubjectPublicKeyInfo.
 *
 * @see RS-000 "Addressing"
 */
export type NodeId = string & { readonly __nodeId?: never };

const CANONICAL_NODE_ID = /^0[0-9a-f]{64}$/;

/**
 * The id of the node with that identity key.
 *
 * @param spkiDer - the public key as a DER SubjectPublicKeyInfo; not checked to be one
 */
export function nodeIdOfKey(spkiDer: Uint8Array): NodeId {
  return `0${hash('sha256', spkiDer, 'hex')}`;
}

/**
 * Accepts the canonical form only, so that equal ids are equal strings.
 *
 * @returns null for any other text, including uppercase digits
 */
export function parseNodeId(text: string): NodeId | null {
  return CANONICAL_NODE_ID.test(text) ? text : null;
}
