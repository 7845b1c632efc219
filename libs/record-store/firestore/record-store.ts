import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import type { RecordFields, RecordKind, RecordStore, StoredRecord } from '../port.ts';
import { assertExpiry, assertFields, assertIdPrefix, assertRecordId } from '../record-rules.ts';
import { Documents, type Precondition, type StoredDocument } from './documents.ts';
import { FirestoreCalls, type Step } from './firestore-calls.ts';
import type { FirestoreOptions } from './options.ts';
import { queryPage } from './query.ts';
import { parseVersion } from './version.ts';

/** Rounds in which others may each change the same record before an operation gives up. */
const MOST_ROUNDS = 8;

/**
 * Records in Firestore: one collection per kind, one document per record.
 *
 * A TTL policy on {@link import('./documents.ts').EXPIRY_FIELD} removes what expired, within a day
 * or so; until then the adapter treats it as absent. Each operation is one call, but for
 * `create` where a record is there already and `delete` without a version, which read it too.
 */
export class FirestoreRecordStore implements RecordStore {
  readonly #calls: FirestoreCalls;
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #pageSize: number;

  constructor(options: FirestoreOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#pageSize = options.pageSize ?? 100;
    this.#documents = new Documents(options.project, options.database ?? '(default)');
    this.#calls = new FirestoreCalls(options);
  }

  async create<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    assertContent(fields, options.expiresAt);
    const name = this.#documents.name(kind.name, id);
    const content = { fields, expiresAt: options.expiresAt ?? null };
    return this.#calls.run((step) =>
      inRounds(async () => {
        const absent = { ...content, precondition: { exists: false } };
        const unwritten = await this.#documents.write(step, name, absent);
        if (!unwritten) {
          return true;
        }
        const { stored } = unwritten;
        if (!stored) {
          return undefined;
        }
        if (!this.#isExpired(stored.record.expiresAt)) {
          return false;
        }
        // Expired and not removed yet: whoever writes over exactly that one has created the record.
        const expired = { ...content, precondition: { updateTime: stored.updateTime } };
        return (await this.#documents.write(step, name, expired)) ? undefined : true;
      }),
    );
  }

  async get<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
  ): Promise<StoredRecord<F> | null> {
    assertRecordId(kind.name, id);
    const name = this.#documents.name(kind.name, id);
    const stored = await this.#calls.run((step) => this.#documents.read(step, name));
    return this.#present<F>(stored);
  }

  async set<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date; ifVersion?: string } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    assertContent(fields, options.expiresAt);
    const name = this.#documents.name(kind.name, id);
    const content = { fields, expiresAt: options.expiresAt ?? null };
    if (options.ifVersion === undefined) {
      return this.#write(name, content);
    }
    const precondition = this.#preconditionOf(options.ifVersion);
    return precondition ? this.#write(name, { ...content, precondition }) : false;
  }

  async delete<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    options: { ifVersion?: string } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    const name = this.#documents.name(kind.name, id);
    if (options.ifVersion === undefined) {
      return this.#calls.run((step) => this.#deleteAny(step, name));
    }
    const precondition = this.#preconditionOf(options.ifVersion);
    return precondition
      ? this.#calls.run((step) => this.#documents.delete(step, name, precondition))
      : false;
  }

  async *list<F extends RecordFields>(
    kind: RecordKind<F>,
    idPrefix: string,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredRecord<F>> {
    assertIdPrefix(kind.name, idPrefix);
    let afterId: string | null = null;
    for (;;) {
      signal?.throwIfAborted();
      const of = { kind: kind.name, idPrefix, afterId, limit: this.#pageSize };
      const page: StoredDocument[] = await this.#calls.run((step) =>
        queryPage(step, this.#documents, of),
      );
      for (const document of page) {
        signal?.throwIfAborted();
        const record = this.#present<F>(document);
        if (record) {
          yield record;
        }
      }
      afterId = page.at(-1)?.record.id ?? null;
      if (page.length < this.#pageSize) {
        return;
      }
    }
  }

  /** Nothing to do: Firestore removes what expired. */
  async sweep(): Promise<number> {
    this.#calls.assertOpen();
    return 0;
  }

  async check(): Promise<void> {
    const name = this.#documents.name('check', 'check');
    await this.#calls.run((step) => this.#documents.read(step, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls[Symbol.asyncDispose]();
  }

  #write(
    name: string,
    content: { fields: RecordFields; expiresAt: Date | null; precondition?: Precondition },
  ): Promise<boolean> {
    return this.#calls.run(
      async (step) => (await this.#documents.write(step, name, content)) === null,
    );
  }

  #deleteAny(step: Step, name: string): Promise<boolean> {
    return inRounds(async () => {
      const stored = await this.#documents.read(step, name);
      if (!stored || this.#isExpired(stored.record.expiresAt)) {
        return false;
      }
      const precondition = { updateTime: stored.updateTime };
      return (await this.#documents.delete(step, name, precondition)) || undefined;
    });
  }

  /** Null if no record can be stored in that version any more. */
  #preconditionOf(ifVersion: string) {
    this.#calls.assertOpen();
    const version = parseVersion(ifVersion);
    const expiresAt =
      version && version.expiresAtMs !== null ? new Date(version.expiresAtMs) : null;
    return version && !this.#isExpired(expiresAt) ? { updateTime: version.updateTime } : null;
  }

  #present<F extends RecordFields>(stored: StoredDocument | null): StoredRecord<F> | null {
    return stored && !this.#isExpired(stored.record.expiresAt)
      ? (stored.record as StoredRecord<F>)
      : null;
  }

  #isExpired(expiresAt: Date | null): boolean {
    return expiresAt !== null && expiresAt.getTime() <= this.#clock.now().getTime();
  }
}

function assertContent(fields: RecordFields, expiresAt: Date | undefined): void {
  assertFields(fields);
  assertExpiry(expiresAt);
}

/** Tries again while others change the record in between. */
async function inRounds(round: () => Promise<boolean | undefined>): Promise<boolean> {
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
    const outcome = await round();
    if (outcome !== undefined) {
      return outcome;
    }
  }
  throw new BackingUnavailableError('record-store', 'others keep changing the record');
}
