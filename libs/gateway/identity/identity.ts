import { createPublicKey, type KeyObject } from 'node:crypto';
import { MAX_LIFE_MS } from '#awala/limits.ts';
import { type NodeId, nodeIdOfKey } from '#awala/node-id.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { BackingUnavailableError, ClockInDoubtError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { KeyVault } from '#key-vault/port.ts';
import type { Log } from '#log/log.ts';
import type { RecordStore } from '#record-store/port.ts';
import { OwnCertificates } from './own-certificates.ts';

const HOUR_MS = 3_600_000;

/** How far back the certificates that we issue are dated, for peers with slow clocks. */
export const ISSUANCE_BACKDATING_MS = 3 * HOUR_MS;
/** How long another process's renewal may go unnoticed. */
const TRUST_REFRESH_MS = 60_000;
/** The same while no valid certificate is known, for which everybody waits. */
const WANT_REFRESH_MS = 1_000;

interface IdentityParts {
  readonly vault: KeyVault;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
}

/** What verifying others takes, without the right to sign. */
type VerifyingIdentityParts = Omit<IdentityParts, 'vault'> & {
  readonly vault: Pick<KeyVault, 'publicKey'>;
};

/** The identity as seen by a service that issues nothing. */
export type VerifyingIdentity = Pick<
  Identity,
  'nodeId' | 'publicKey' | 'publicKeyDer' | 'trustedCertificates'
>;

/**
 * Who this gateway is: the key in the vault, and the certificates that it issued to itself. The
 * newest certificate issues others; all valid ones are trusted, so that what older ones issued
 * stays valid.
 *
 * @see RS-002 "Certificate Rotation"
 */
export class Identity {
  /** DER SubjectPublicKeyInfo of the identity key. */
  readonly publicKeyDer: Uint8Array;
  readonly publicKey: KeyObject;
  readonly nodeId: NodeId;
  readonly #parts: VerifyingIdentityParts;
  /** Null in a service that may not sign. */
  readonly #sign: KeyVault['sign'] | null;
  readonly #certificates: OwnCertificates;
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | null = null;
  #renewing: Promise<boolean> | null = null;

  private constructor(
    parts: VerifyingIdentityParts,
    publicKeyDer: Uint8Array,
    sign: KeyVault['sign'] | null,
  ) {
    this.#parts = parts;
    this.#sign = sign;
    this.publicKeyDer = publicKeyDer;
    this.publicKey = createPublicKey({
      key: Buffer.from(publicKeyDer),
      format: 'der',
      type: 'spki',
    });
    this.nodeId = nodeIdOfKey(publicKeyDer);
    this.#certificates = new OwnCertificates({ ...parts, nodeId: this.nodeId });
  }

  /**
   * Asks the vault for the identity key, and issues a first certificate if none is valid, even by a
   * clock in doubt: the gateway must be able to start. Safe to call in several processes at once.
   *
   * @throws {BackingUnavailableError}
   */
  static async open(parts: IdentityParts): Promise<Identity> {
    const { vault } = parts;
    const identity = new Identity(parts, await vault.publicKey(), (data) => vault.sign(data));
    await identity.#load();
    if (identity.#validNow().length === 0) {
      await identity.#renew();
    } else {
      await identity.renewIfDue();
    }
    return identity;
  }

  /**
   * Opens the identity in a service that verifies others and issues nothing. It reads records and
   * the public key, and may not sign.
   *
   * @throws {BackingUnavailableError} also if there is no valid certificate yet
   */
  static async openToVerify(parts: VerifyingIdentityParts): Promise<VerifyingIdentity> {
    const identity = new Identity(parts, await parts.vault.publicKey(), null);
    await identity.trustedCertificates();
    return identity;
  }

  /** Signs with the identity key, in the vault. */
  readonly sign: KeyVault['sign'] = (octets) =>
    this.#sign?.(octets) ?? Promise.reject(new Error('this service may not sign'));

  /**
   * The trust anchors: every own certificate that is valid now, the one that expires last first.
   * Read again at most once a minute; while none is valid, once a second. A service that may sign
   * issues one rather than do without: the clock may have been set past the end of all, or before
   * the start of any.
   *
   * @throws {BackingUnavailableError} if there is none, as nobody can be verified; none is issued
   * while the clock is in doubt
   */
  async trustedCertificates(): Promise<readonly [Certificate, ...Certificate[]]> {
    let valid = this.#validNow();
    const maxAgeMs = valid.length > 0 ? TRUST_REFRESH_MS : WANT_REFRESH_MS;
    if (this.#parts.clock.elapsedMs() - this.#loadedAtMs >= maxAgeMs) {
      await this.#refresh();
      valid = this.#validNow();
    }
    if (valid.length === 0 && this.#sign) {
      await this.#renewForWant();
      valid = this.#validNow();
    }
    const [current, ...older] = valid;
    if (!current) {
      throw new BackingUnavailableError(
        'record-store',
        'this gateway has no valid certificate of its own: run awala-gateway keygen',
      );
    }
    return [current, ...older];
  }

  /** Own certificates that become valid later, as a clock that was ahead issued them. */
  get datedAhead(): readonly Certificate[] {
    const now = this.#parts.clock.now();
    return this.#certificates.known.filter(({ notBefore }) => notBefore > now);
  }

  /**
   * The certificate to issue others under: the one that expires last.
   *
   * @throws {BackingUnavailableError} if none is known
   */
  async currentCertificate(): Promise<Certificate> {
    const [current] = await this.trustedCertificates();
    return current;
  }

  /**
   * Issues a new own certificate once the current one is past half its life, unless the clock is in
   * doubt.
   *
   * @returns whether this call issued one
   * @throws {BackingUnavailableError} also if the clock is in doubt and no certificate is valid
   */
  async renewIfDue(): Promise<boolean> {
    await this.#load();
    const current = this.#validNow()[0];
    if (!current) {
      return this.#renewForWant();
    }
    const isDue = this.#isHalfOver(current) && this.#doubt === null;
    return isDue ? this.#renew() : false;
  }

  /**
   * Issues a new own certificate, however young the current one is.
   *
   * @returns whether this call issued one; false if another process just did
   */
  async renew(): Promise<boolean> {
    await this.#load();
    return this.#renew();
  }

  async #renewForWant(): Promise<boolean> {
    const doubt = this.#doubt;
    if (doubt !== null) {
      throw new ClockInDoubtError(doubt);
    }
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  get #doubt(): string | null {
    return this.#parts.plausibility?.doubt ?? null;
  }

  async #renew(): Promise<boolean> {
    const certificate = await this.#issueOwn();
    const created = await this.#certificates.create(certificate);
    await this.#load();
    if (created) {
      this.#parts.log.info(
        { nodeId: this.nodeId, expiresAt: certificate.notAfter },
        'Issued a new certificate to this gateway',
      );
    }
    return created;
  }

  #issueOwn(): Promise<Certificate> {
    const notBefore = new Date(this.#parts.clock.now().getTime() - ISSUANCE_BACKDATING_MS);
    return issueGatewayCertificate({
      subjectKey: this.publicKeyDer,
      issuer: null,
      issuerKey: this.publicKeyDer,
      sign: this.sign,
      notBefore,
      notAfter: new Date(notBefore.getTime() + MAX_LIFE_MS),
    });
  }

  #isHalfOver({ notBefore, notAfter }: Certificate): boolean {
    const middleMs = (notBefore.getTime() + notAfter.getTime()) / 2;
    return middleMs <= this.#parts.clock.now().getTime();
  }

  #validNow(): readonly Certificate[] {
    const now = this.#parts.clock.now();
    return this.#certificates.known.filter(
      ({ notBefore, notAfter }) => notBefore <= now && now < notAfter,
    );
  }

  async #refresh(): Promise<void> {
    this.#refreshing ??= this.#load().finally(() => {
      this.#refreshing = null;
    });
    try {
      await this.#refreshing;
    } catch (error) {
      if (this.#validNow().length === 0) {
        throw error;
      }
      this.#loadedAtMs = this.#parts.clock.elapsedMs();
      this.#parts.log.warn(
        { error },
        'Own certificates could not be read again; using those known',
      );
    }
  }

  async #load(): Promise<void> {
    await this.#certificates.load();
    this.#loadedAtMs = this.#parts.clock.elapsedMs();
  }
}
