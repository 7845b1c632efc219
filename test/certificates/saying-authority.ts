import { generateKeyPairSync } from 'node:crypto';
import type { CertificateAuthority } from '#certificates/acme/authority.ts';
import { KeptFiles } from '#certificates/acme/kept-files.ts';
import { RenewedCertificates } from '#certificates/acme/renewed-certificates.ts';
import { NAME } from '#certificates/contract.ts';
import { CertificateError, type TlsCertificate } from '#certificates/port.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { ManualClock } from '#clock/manual-clock.ts';
import { type Log, silentLog } from '#log/log.ts';

const NO_CHALLENGES = { open: async () => {}, answer: () => {}, forget: () => {} };

/** Where certificates are ordered unless a test says otherwise. */
export const DIRECTORY = 'https://acme.example/dir';

export const ACCOUNT_KEY = String(
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }),
);

/** Issues what a test says. */
export class SayingAuthority implements CertificateAuthority {
  says: TlsCertificate | CertificateError | 'nothing';
  /** The time that it tells; by default that of whoever asks. */
  tells: (() => Promise<number | null>) | null = null;
  /** Whether an order is under way that says nothing. */
  isSilent = false;
  readonly accountKeys: string[] = [];
  readonly #clock: ManualClock | null;

  constructor(says: SayingAuthority['says'], clock: ManualClock | null = null) {
    this.says = says;
    this.#clock = clock;
  }

  get orders(): number {
    return this.accountKeys.length;
  }

  async newAccountKey(): Promise<string> {
    return ACCOUNT_KEY;
  }

  async time(): Promise<number | null> {
    return this.tells ? this.tells() : (this.#clock?.now().getTime() ?? null);
  }

  async issue({
    accountKey,
    signal,
  }: {
    readonly accountKey: string;
    readonly signal: AbortSignal;
  }): Promise<TlsCertificate> {
    this.accountKeys.push(accountKey);
    if (this.says === 'nothing') {
      this.isSilent = true;
      return new Promise((_, reject) => {
        const onAbort = () => {
          this.isSilent = false;
          reject(signal.reason);
        };
        signal.addEventListener('abort', onAbort, { once: true });
      });
    }
    if (this.says instanceof CertificateError) {
      throw this.says;
    }
    return this.says;
  }
}

/** Certificates for {@link NAME} from an authority, kept in a folder. */
export function renewed(
  authority: CertificateAuthority,
  {
    clock,
    folder,
    directory = DIRECTORY,
    random = () => 0,
    log = silentLog,
    plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) }),
  }: {
    readonly clock: ManualClock;
    readonly folder: string;
    readonly directory?: string;
    readonly random?: () => number;
    readonly log?: Log;
    readonly plausibility?: ClockPlausibility;
  },
): RenewedCertificates {
  const files = new KeptFiles(folder);
  const parts = { authority, files, clock, random, log, challenges: NO_CHALLENGES };
  return new RenewedCertificates(
    { name: NAME, directory },
    { ...parts, plausibility, isSystemClock: true },
  );
}
