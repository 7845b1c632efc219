import type { FileHandle } from 'node:fs/promises';

interface Waiting {
  readonly octets: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A file whose writes are durable once they resolve; those that come during one share the next. */
export class AppendedFile {
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  append(octets: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ octets, resolve, reject });
      if (!this.#isWriting) {
        void this.#writeAll();
      }
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file.writev(batch.map(({ octets }) => octets));
        await this.#file.datasync();
        batch.forEach(({ resolve }) => {
          resolve();
        });
      } catch (error) {
        batch.forEach(({ reject }) => {
          reject(error);
        });
      }
    }
    this.#isWriting = false;
  }
}
