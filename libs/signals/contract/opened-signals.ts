import type { SignalListener, Signals } from '../port.ts';

/** Signals for one test; disposing of it closes both ends and what they stand on. */
export interface OpenedSignals extends AsyncDisposable {
  readonly subscriber: Signals;
  /**
   * As from another process over the same backing; the same as `subscriber` where an
   * adapter serves one process only.
   */
  readonly publisher: Signals;
  /**
   * Cuts the subscriber off, loses what is published meanwhile, and lets it come
   * back. Absent where there is no connection that could be cut.
   */
  readonly interrupt?: (whileCutOff: () => void) => Promise<void>;
}

export type OpenSignals = () => Promise<OpenedSignals>;

/** A listener that records what it is told and lets a test wait for it. */
export class RecordingListener implements SignalListener {
  readonly messages: string[] = [];
  interruptions = 0;
  #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  onMessage(message: string): void {
    this.messages.push(message);
    this.#wake();
  }

  onInterrupted(): void {
    this.interruptions++;
    this.#wake();
  }

  /** Resolves once `message` has come. */
  async received(message: string): Promise<void> {
    await this.until(() => this.messages.includes(message));
  }

  async until(isMet: () => boolean): Promise<void> {
    if (!isMet()) {
      await new Promise<void>((resolve) => this.#waiting.push({ isMet, resolve }));
    }
  }

  #wake(): void {
    const met = this.#waiting.filter(({ isMet }) => isMet());
    this.#waiting = this.#waiting.filter((waiting) => !met.includes(waiting));
    for (const { resolve } of met) {
      resolve();
    }
  }
}
