import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RenewedCertificates } from '#certificates/acme/renewed-certificates.ts';
import type { TlsCertificate } from '#certificates/port.ts';
import type { LogFields } from '#log/log.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { AwaitedClock } from './awaited-clock.ts';
import { DIRECTORY, renewed, SayingAuthority } from './saying-authority.ts';

/** A gateway's orders, as it is started over and over with the same folder. */
export class OrdersUnderTest implements AsyncDisposable {
  readonly folder: string;
  readonly clock: AwaitedClock;
  readonly authority: SayingAuthority;
  readonly logged: [string, LogFields][] = [];

  private constructor(folder: string, certificate: TlsCertificate) {
    this.folder = folder;
    this.clock = new AwaitedClock(certificate.validFrom);
    this.authority = new SayingAuthority(certificate, this.clock);
  }

  /** @param certificate - what the authority issues at first; time begins with it */
  static async begin(certificate: TlsCertificate): Promise<OrdersUnderTest> {
    return new OrdersUnderTest(await mkdtemp(join(tmpdir(), 'awala-orders-')), certificate);
  }

  async start(directory = DIRECTORY): Promise<RenewedCertificates> {
    const { authority, clock, folder } = this;
    const log = recordingLog(this.logged);
    const certificates = renewed(authority, { clock, folder, directory, log });
    await certificates.start(() => {});
    return certificates;
  }

  /** Lets time pass, in steps after each of which whatever fell due comes to its end. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    let passedMs = 0;
    do {
      this.clock.advance(stepMs);
      passedMs += stepMs;
      await until(() => this.clock.isAwaited || this.authority.isSilent);
    } while (passedMs < ms);
  }

  /** Starts it every so often, each time ending whatever is under way. */
  async restart(everyMs: number, forMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < forMs; passedMs += everyMs) {
      await using _ = await this.start();
      await this.pass(0);
      await this.pass(everyMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
