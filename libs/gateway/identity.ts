import { createPublicKey, type KeyObject } from 'node:crypto';
import { type NodeId, nodeIdOfKey } from '#awala/node-id.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import type { KeyVault } from '#key-vault/port.ts';
import type { Log } from '#log/log.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Certificates that we issue start this long in the past, for peers whose clock is slow. */
export const ISSUANCE_BACKDATING_MS = 3 * HOUR_MS;
/** No certificate may be valid for longer (RS-002 "Certificate Validity Period"). */
export const MAX_CERTIFICATE_VALIDITY_MS = 180 * DAY_MS;
/** How long another process's renewal may go unnoticed. */
const TRUST_REFRESH_MS = 60_000;

const OWN_CERTIFICATE = recordKind<{ der: Uint8Array }>('own-certificate');

export interface IdentityParts {
  readonly vault: KeyVault;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** What it takes to verify others, and no right to sign. */
export type VerifyingIdentityParts = Pick<IdentityParts, 'records' | 'clock' | 'log'> & {
  readonly vault: Pick<KeyVault, 'publicKey'>;
};

/** Who this gateway is, to a service that issues nothing. */
export type VerifyingIdentity = Pick<
  Identity,
  'nodeId' | 'publicKey' | 'publicKeyDer' | 'trustedCertificates'
>;

/**
 * Who this gateway is: the key in the vault and the certificates it issued to
 * itself. The newest certificate issues others; all that are still valid are
 * trusted, so that what was issued under an older one stays good.
 *
 * @see RS-002 "Certificate Rotation"
 */
export class Identity {
  /** DER SubjectPublicKeyInfo of the identity key. */
  readonly publicKeyDer: Uint8Array;
  readonly publicKey: KeyObject;
  readonly nodeId: NodeId;
  /** Signs with the identity key, in the vault. */
  readonly sign: KeyVault['sign'];
  readonly #parts: VerifyingIdentityParts;
  #certificates: readonly Certificate[] = [];
  /** Ids of records that hold no certificate. */
  #damaged: ReadonlySet<string> = new Set();
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | null = null;

  private constructor(
    parts: VerifyingIdentityParts,
    publicKeyDer: Uint8Array,
    sign: KeyVault['sign'],
  ) {
    this.#parts = parts;
    this.sign = sign;
    this.publicKeyDer = publicKeyDer;
    this.publicKey = createPublicKey({
      key: Buffer.from(publicKeyDer),
      format: 'der',
      type: 'spki',
    });
    this.nodeId = nodeIdOfKey(publicKeyDer);
  }

  /**
   * Asks the vault for the identity key, and issues a first certificate if there
   * is none yet. Safe to call in several processes at once.
   *
   * @throws {BackingUnavailableError}
   */
  static async open(parts: IdentityParts): Promise<Identity> {
    const { vault } = parts;
    const identity = new Identity(parts, await vault.publicKey(), (data) => vault.sign(data));
    await identity.renewIfDue();
    return identity;
  }

  /**
   * Opens the identity for a service that verifies others and issues nothing: it
   * needs to read records and to ask for the public key, and may not sign.
   *
   * @throws {BackingUnavailableError} also if there is no valid certificate yet
   */
  static async openToVerify(parts: VerifyingIdentityParts): Promise<VerifyingIdentity> {
    const identity = new Identity(parts, await parts.vault.publicKey(), () =>
      Promise.reject(new Error('this service may not sign')),
    );
    await identity.trustedCertificates();
    return identity;
  }

  /**
   * The certificates to verify others against: every own one valid now, the one
   * that expires last first. Read again at most once a minute.
   *
   * @throws {BackingUnavailableError} if none is known, as nobody can be verified then
   */
  async trustedCertificates(): Promise<readonly [Certificate, ...Certificate[]]> {
    const nowMs = this.#parts.clock.now().getTime();
    if (nowMs - this.#loadedAtMs >= TRUST_REFRESH_MS) {
      await this.#refresh();
    }
    const [current, ...older] = this.#validNow();
    if (!current) {
      throw new BackingUnavailableError(
        'record-store',
        'this gateway has no valid certificate of its own: run awala-gateway keygen',
      );
    }
    return [current, ...older];
  }

  /**
   * The certificate to issue others with: the one that expires last.
   *
   * @throws {BackingUnavailableError} if none is known
   */
  async currentCertificate(): Promise<Certificate> {
    const [current] = await this.trustedCertificates();
    return current;
  }

  /**
   * Issues a new own certificate once half the life of the current one is over.
   *
   * @returns whether this call issued one
   */
  async renewIfDue(): Promise<boolean> {
    await this.#load();
    const current = this.#validNow()[0];
    return current && !this.#isHalfOver(current) ? false : this.#renew();
  }

  /**
   * Issues a new own certificate, however young the current one is.
   *
   * @returns whether this call issued one, rather than another process just before
   */
  async renew(): Promise<boolean> {
    await this.#load();
    return this.#renew();
  }

  async #renew(): Promise<boolean> {
    const certificate = await this.#issueOwn();
    const created = await this.#parts.records.create(
      OWN_CERTIFICATE,
      this.#recordIdAfter(this.#certificates),
      { der: certificate.der },
      { expiresAt: certificate.notAfter },
    );
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
      notAfter: new Date(notBefore.getTime() + MAX_CERTIFICATE_VALIDITY_MS),
    });
  }

  /** Two processes that renew at once mean the same record, so that one of them wins. A damaged one is in nobody's way. */
  #recordIdAfter(known: readonly Certificate[]): string {
    const latestEndMs = Math.max(0, ...known.map(({ notAfter }) => notAfter.getTime()));
    const id = `${this.nodeId}/after-${String(latestEndMs).padStart(15, '0')}`;
    let free = id;
    for (let repair = 1; this.#damaged.has(free); repair++) {
      free = `${id}-${repair}`;
    }
    return free;
  }

  #isHalfOver({ notBefore, notAfter }: Certificate): boolean {
    const middleMs = (notBefore.getTime() + notAfter.getTime()) / 2;
    return middleMs <= this.#parts.clock.now().getTime();
  }

  #validNow(): readonly Certificate[] {
    const now = this.#parts.clock.now();
    return this.#certificates.filter(
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
      this.#loadedAtMs = this.#parts.clock.now().getTime();
      this.#parts.log.warn(
        { error },
        'Own certificates could not be read again; using those known',
      );
    }
  }

  async #load(): Promise<void> {
    const certificates: Certificate[] = [];
    const damaged = new Set<string>();
    const prefix = `${this.nodeId}/`;
    for await (const { id, fields } of this.#parts.records.list(OWN_CERTIFICATE, prefix)) {
      const certificate = this.#parseOwn(id, fields.der);
      if (certificate) {
        certificates.push(certificate);
      } else {
        damaged.add(id);
      }
    }
    certificates.sort((a, b) => b.notAfter.getTime() - a.notAfter.getTime());
    this.#certificates = certificates;
    this.#damaged = damaged;
    this.#loadedAtMs = this.#parts.clock.now().getTime();
  }

  /** A damaged record must pass neither for a peer's fault nor for the loss of all the others. */
  #parseOwn(recordId: string, der: Uint8Array): Certificate | null {
    try {
      return Certificate.parse(der);
    } catch (error) {
      this.#parts.log.error({ error, recordId }, 'A certificate of this gateway is damaged');
      return null;
    }
  }
}
