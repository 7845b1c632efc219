import type { Clock } from '#clock/clock.ts';

/** Whoever waits longer than this is told how far it is, and as often. */
const INTERVAL_MS = 2_000;
const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Says how far something long is. */
export class Progress {
  readonly #clock: Clock;
  readonly #note: (line: string) => void;
  #saidMs: number;

  constructor({ clock, note }: { readonly clock: Clock; readonly note: (line: string) => void }) {
    this.#clock = clock;
    this.#note = note;
    this.#saidMs = clock.elapsedMs();
  }

  /** Says it if the last word was long ago. */
  at(doing: string, octets: number, ofOctets?: number): void {
    const nowMs = this.#clock.elapsedMs();
    if (nowMs - this.#saidMs >= INTERVAL_MS) {
      this.#saidMs = nowMs;
      const [unit, name] = (ofOctets ?? octets) < MIB ? [KIB, 'KiB'] : [MIB, 'MiB'];
      const total = ofOctets === undefined ? '' : ` of ${Math.ceil(ofOctets / unit)}`;
      this.#note(`${doing}: ${Math.floor(octets / unit)}${total} ${name}`);
    }
  }
}
