/** Channels of dropped messages; of further ones, nobody is told. */
const MOST_CHANNELS = 50_000;

/**
 * The message that tells the subscribers of a channel that they missed some. Versions that do not
 * know it hand it on to their listeners, who cannot read it either and so look for themselves.
 */
export const LOOK = '\u0000look';

/** Messages that could not be sent: how many, and whose subscribers are still to be told. */
export class DroppedMessages {
  readonly #channels = new Set<string>();
  #count = 0;

  /** Whether subscribers are still to be told. */
  get areUntold(): boolean {
    return this.#channels.size > 0;
  }

  /** @param messages - of which {@link LOOK} itself does not count */
  add(messages: Iterable<{ readonly channel: string; readonly message: string }>): void {
    for (const { channel, message } of messages) {
      this.#count += Number(message !== LOOK);
      if (this.#channels.size < MOST_CHANNELS) {
        this.#channels.add(channel);
      }
    }
  }

  /** Channels whose subscribers the caller tells, so many at most. */
  takeChannels(max: number): string[] {
    const channels = [...this.#channels.values().take(max)];
    for (const channel of channels) {
      this.#channels.delete(channel);
    }
    return channels;
  }

  /** How many were dropped since the last call. */
  takeCount(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}
