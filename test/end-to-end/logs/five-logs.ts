import { setTimeout as pause } from 'node:timers/promises';
import { type FiveServices, startFiveServices } from '#test/services/five-services.ts';
import { SERVICE_NAMES, type ServiceName } from '#test/services/service-process.ts';

export interface LoggedLine extends Readonly<Record<string, unknown>> {
  readonly service: ServiceName;
  readonly level: string;
  readonly message: string;
}

const PATIENCE_MS = 120_000;

/** Five processes of which all lines are kept. */
export class FiveLogs implements AsyncDisposable {
  readonly running: FiveServices;

  private constructor(running: FiveServices) {
    this.running = running;
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<FiveLogs> {
    return new FiveLogs(await startFiveServices(environment));
  }

  /** All that was logged so far, service by service, each in order. */
  get lines(): readonly LoggedLine[] {
    return SERVICE_NAMES.flatMap((name) =>
      this.running.services[name].output
        .split('\n')
        .slice(0, -1)
        .filter((line) => line !== '')
        .map((line): LoggedLine => JSON.parse(line)),
    );
  }

  /** As `grep` would find them in all the logs at once. */
  grep(text: string): readonly LoggedLine[] {
    return this.lines.filter((line) => JSON.stringify(line).includes(text));
  }

  /** The steps of which the lines with that text tell, each with the service that wrote the line. */
  steps(text: string): readonly string[] {
    return this.grep(text).flatMap(({ step, service }) => (step ? [`${service} ${step}`] : []));
  }

  /** Resolves once there is such a line. */
  async until(isIt: (line: LoggedLine) => boolean): Promise<void> {
    const giveUpAtMs = performance.now() + PATIENCE_MS;
    while (!this.lines.some(isIt)) {
      if (performance.now() > giveUpAtMs) {
        throw new Error(`no such line was logged: ${isIt}`);
      }
      await pause(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}
