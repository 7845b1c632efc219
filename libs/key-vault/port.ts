/** Largest secret that a vault seals. */
export const MAX_SECRET_OCTETS = 65_536;

/**
 * Holds the gateway's identity key and seals small secrets.
 *
 * The identity private key never leaves the vault. Every method throws `BackingUnavailableError` if
 * the vault does not answer within its deadline.
 */
export interface KeyVault extends AsyncDisposable {
  /** DER SubjectPublicKeyInfo of the RSA identity key (at least 2 048 bits). */
  publicKey(): Promise<Uint8Array>;

  /**
   * Signs `data` with the identity key: RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32
   * octets (RS-018). The vault computes the hash.
   */
  sign(data: Uint8Array): Promise<Uint8Array>;

  /**
   * Encrypts a secret of at most {@link MAX_SECRET_OCTETS} so that only this vault can read it.
   *
   * @param context - bound to the result: {@link KeyVault.unseal} needs the same
   */
  seal(secret: Uint8Array, context: string): Promise<Uint8Array>;

  /**
   * @throws {SealBrokenError} if `sealed` was altered, or sealed by another vault or under another
   * context
   */
  unseal(sealed: Uint8Array, context: string): Promise<Uint8Array>;

  /**
   * Resolves if the vault has done what is needed of it lately: within a minute for signing, ten
   * for the rest.
   *
   * @param needs - what the process may do; nothing else is tried
   * @default ['sign']
   */
  check(needs?: readonly VaultNeed[]): Promise<void>;
}

/** What a process does with a vault besides reading its public key. */
export type VaultNeed = 'sign' | 'seal' | 'unseal';

/** The vault did not seal this value under this context, or the value was altered. */
export class SealBrokenError extends Error {
  readonly code = 'SEAL_BROKEN';

  constructor(options?: ErrorOptions) {
    super('the sealed value is damaged, or belongs to another vault or context', options);
    this.name = 'SealBrokenError';
  }
}
