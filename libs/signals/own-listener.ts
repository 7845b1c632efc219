import type { SignalListener } from './port.ts';

/** Stands for a listener in one subscription: one that subscribes twice is called once for each. */
export class OwnListener implements SignalListener {
  readonly #listener: SignalListener;

  constructor(listener: SignalListener) {
    this.#listener = listener;
  }

  onMessage(message: string): void {
    this.#listener.onMessage(message);
  }

  onInterrupted(): void {
    this.#listener.onInterrupted();
  }
}
