import { isDeepStrictEqual } from 'node:util';
import { status } from '@grpc/grpc-js';

/** A refusal, with the status that Firestore gives. */
export class FirestoreRefusal extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.name = 'FirestoreRefusal';
    this.code = code;
  }
}

export interface Timestamp {
  readonly seconds: string;
  readonly nanos: number;
}

type Fields = Readonly<Record<string, unknown>>;

export interface StoredDocument {
  readonly name: string;
  readonly fields: Fields;
  readonly createTime: Timestamp;
  readonly updateTime: Timestamp;
}

export interface Write {
  readonly update?: { readonly name: string; readonly fields: Fields };
  /** Names top-level fields: the others stay as they are. */
  readonly updateMask?: { readonly fieldPaths: readonly string[] } | null;
  readonly delete?: string;
  readonly currentDocument?: { readonly exists?: boolean; readonly updateTime?: Timestamp } | null;
}

/** Documents by their full names, in memory; each commit is atomic. */
export class DocumentStore {
  readonly #documents = new Map<string, StoredDocument>();
  #lastMicroseconds = 0;

  get(name: string): StoredDocument | undefined {
    return this.#documents.get(name);
  }

  /** A collection's documents, without those of its subcollections, in order of name. */
  inCollection(path: string): StoredDocument[] {
    return [...this.#documents.values()]
      .filter(({ name }) => name.startsWith(`${path}/`) && !name.includes('/', path.length + 1))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** @returns the update time of each document written, all or none */
  commit(writes: readonly Write[]): { commitTime: Timestamp; updateTimes: Timestamp[] } {
    for (const write of writes) {
      this.#assertMet(write);
    }
    const commitTime = this.#tick();
    return { commitTime, updateTimes: writes.map((write) => this.#apply(write, commitTime)) };
  }

  #assertMet({ update, delete: deleted, currentDocument }: Write): void {
    const name = update?.name ?? deleted ?? '';
    const stored = this.#documents.get(name);
    if (currentDocument?.exists === false && stored) {
      throw new FirestoreRefusal(status.ALREADY_EXISTS, `Document already exists: ${name}`);
    }
    if (currentDocument?.exists === true && !stored) {
      throw new FirestoreRefusal(status.NOT_FOUND, `No document to update: ${name}`);
    }
    const time = currentDocument?.updateTime;
    if (time && !(stored && isSame(stored.updateTime, time))) {
      const message = 'the stored version does not match the required base version';
      throw new FirestoreRefusal(status.FAILED_PRECONDITION, message);
    }
  }

  #apply({ update, updateMask, delete: deleted }: Write, commitTime: Timestamp): Timestamp {
    if (!update) {
      this.#documents.delete(deleted ?? '');
      return commitTime;
    }
    const stored = this.#documents.get(update.name);
    const fields = updateMask
      ? { ...stored?.fields, ...pick(update.fields, updateMask.fieldPaths) }
      : update.fields;
    // As in Firestore, a write that changes nothing keeps the time of the last one that did.
    if (stored && isDeepStrictEqual(stored.fields, fields)) {
      return stored.updateTime;
    }
    const createTime = stored?.createTime ?? commitTime;
    this.#documents.set(update.name, {
      name: update.name,
      fields,
      createTime,
      updateTime: commitTime,
    });
    return commitTime;
  }

  /** The read time of a request that arrives now. */
  now(): Timestamp {
    return this.#tick();
  }

  /** The current time in whole microseconds; later than any that was returned before. */
  #tick(): Timestamp {
    this.#lastMicroseconds = Math.max(this.#lastMicroseconds + 1, Date.now() * 1_000);
    const seconds = Math.floor(this.#lastMicroseconds / 1_000_000);
    return { seconds: String(seconds), nanos: (this.#lastMicroseconds % 1_000_000) * 1_000 };
  }
}

function pick(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)));
}

function isSame(one: Timestamp, other: Timestamp): boolean {
  return Number(one.seconds) === Number(other.seconds) && one.nanos === other.nanos;
}
