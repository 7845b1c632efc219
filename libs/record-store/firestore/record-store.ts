import { randomUUID } from 'node:crypto';
import type { DocumentReference } from '@google-cloud/firestore';
import { BackingUnavailableError } from '#backing/errors.ts';
import { GatheredCalls } from '#backing/gathered-calls.ts';
import { Proofs } from '#backing/proofs.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import type { RecordFields, RecordKind, RecordNeed, RecordStore, StoredRecord } from '../port.ts';
import { assertExpiry, assertFields, assertListing, assertRecordId } from '../record-rules.ts';
import {
  type Content,
  type DocumentName,
  deleteDocument,
  parseVersion,
  queryPage,
  readDocument,
  readDocuments,
  referenceTo,
  type StoredDocument,
  type UpdateTime,
  writeDocument,
  writeDocuments,
} from './documents.ts';
import { FirestoreCalls } from './firestore-calls.ts';
import { type FirestoreOptions, PAGE_SIZE } from './options.ts';

/** One write and one deletion per ten minutes cost an idle process US$ 0.01 a month. */
const WRITTEN_FOR_MS = 600_000;

/** Records read or written by one call: with 64 KiB each, they fit into the 10 MiB that one may take. */
const MOST_TOGETHER = 100;

/** How often an operation retries because others change the same record, before it fails. */
const MOST_ROUNDS = 8;

/**
 * Keeps records in Firestore: a collection per kind, a document per record.
 *
 * A TTL policy on {@link import('./documents.ts').EXPIRY_FIELD} removes expired records within a
 * day or so; until then the adapter hides them. Each operation is one call, except that `create` on
 * an existing record, and `delete` without a version, also read it; that records which are read at
 * one time share a call; and that those do which are written at one time whatever is stored.
 */
export class FirestoreRecordStore implements RecordStore {
  readonly #calls: FirestoreCalls;
  readonly #clock: Clock;
  readonly #pageSize: number;
  /** One per process. */
  readonly #checkId = randomUUID();
  readonly #proofs: Proofs<RecordNeed>;
  readonly #reads = new GatheredCalls<DocumentName, StoredDocument | null>(MOST_TOGETHER, (names) =>
    this.#calls.run((firestore) => readDocuments(firestore, names)),
  );
  readonly #writes = new GatheredCalls<DocumentName & Content, true>(MOST_TOGETHER, (writes) =>
    this.#calls.run(async (firestore) => {
      await writeDocuments(firestore, writes);
      return writes.map(() => true);
    }),
  );

  constructor(options: FirestoreOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#pageSize = options.pageSize ?? PAGE_SIZE;
    this.#calls = new FirestoreCalls(options);
    this.#proofs = new Proofs(this.#clock, {
      write: { probe: () => this.#writeAndDelete(), validMs: WRITTEN_FOR_MS },
    });
  }

  async create<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    assertContent(fields, options.expiresAt);
    const content = { fields, expiresAt: options.expiresAt ?? null };
    return this.#writing(kind.name, id, (document) =>
      inRounds(async () => {
        const absent = { ...content, precondition: 'absent' } as const;
        const unwritten = await writeDocument(document, absent);
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
        // Expired but not removed yet: whoever overwrites exactly this version has created the
        // record.
        const expired = { ...content, precondition: stored.updateTime };
        return (await writeDocument(document, expired)) ? undefined : true;
      }),
    );
  }

  async get<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
  ): Promise<StoredRecord<F> | null> {
    assertRecordId(kind.name, id);
    return this.#present<F>(await this.#reads.add({ kind: kind.name, id }));
  }

  async set<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date; ifVersion?: string } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    assertContent(fields, options.expiresAt);
    const content = { fields, expiresAt: options.expiresAt ?? null };
    if (options.ifVersion === undefined) {
      const write = { kind: kind.name, id, ...content };
      return this.#proofs.shownBy('write', () => this.#writes.add(write));
    }
    const precondition = this.#timeOf(options.ifVersion);
    if (!precondition) {
      return false;
    }
    const given = { ...content, precondition };
    return this.#writing(
      kind.name,
      id,
      async (document) => (await writeDocument(document, given)) === null,
    );
  }

  async delete<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    options: { ifVersion?: string } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    if (options.ifVersion === undefined) {
      return this.#withDocument(kind.name, id, (document) => this.#deleteAny(document));
    }
    const updateTime = this.#timeOf(options.ifVersion);
    return updateTime
      ? this.#withDocument(kind.name, id, (document) => deleteDocument(document, updateTime))
      : false;
  }

  async *list<F extends RecordFields>(
    kind: RecordKind<F>,
    idPrefix: string,
    { startAfter, signal }: { startAfter?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredRecord<F>> {
    assertListing(kind.name, idPrefix, startAfter);
    let afterId = startAfter !== undefined && startAfter >= idPrefix ? startAfter : null;
    for (;;) {
      signal?.throwIfAborted();
      const of = { kind: kind.name, idPrefix, afterId, limit: this.#pageSize };
      const page: StoredDocument[] = await this.#calls.run((firestore) => queryPage(firestore, of));
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

  /** Does nothing: Firestore removes expired records. */
  async sweep(): Promise<number> {
    this.#calls.assertOpen();
    return 0;
  }

  /** Reads each time; tries a write only if no real one has succeeded lately. */
  async check(needs: readonly RecordNeed[] = []): Promise<void> {
    await this.#withDocument('check', 'check', readDocument);
    await this.#proofs.check(needs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls[Symbol.asyncDispose]();
  }

  async #writeAndDelete(): Promise<void> {
    const fields = { by: 'check' };
    const content = { fields, expiresAt: new Date(this.#clock.now().getTime() + WRITTEN_FOR_MS) };
    await this.#withDocument('check', this.#checkId, async (document) => {
      await writeDocument(document, content);
      const stored = await readDocument(document);
      await (stored && deleteDocument(document, stored.updateTime));
    });
  }

  #writing<T>(
    kind: string,
    id: string,
    operation: (document: DocumentReference) => Promise<T>,
  ): Promise<T> {
    return this.#proofs.shownBy('write', () => this.#withDocument(kind, id, operation));
  }

  #withDocument<T>(
    kind: string,
    id: string,
    operation: (document: DocumentReference) => Promise<T>,
  ): Promise<T> {
    return this.#calls.run((firestore) => operation(referenceTo(firestore, { kind, id })));
  }

  #deleteAny(document: DocumentReference): Promise<boolean> {
    return inRounds(async () => {
      const stored = await readDocument(document);
      if (!stored || this.#isExpired(stored.record.expiresAt)) {
        return false;
      }
      return (await deleteDocument(document, stored.updateTime)) || undefined;
    });
  }

  /** Null if no stored record can have that version any more. */
  #timeOf(ifVersion: string): UpdateTime | null {
    this.#calls.assertOpen();
    const version = parseVersion(ifVersion);
    const expiresAt =
      version && version.expiresAtMs !== null ? new Date(version.expiresAtMs) : null;
    return version && !this.#isExpired(expiresAt) ? version.updateTime : null;
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

/** Retries while others change the record in between. */
async function inRounds(round: () => Promise<boolean | undefined>): Promise<boolean> {
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
    const outcome = await round();
    if (outcome !== undefined) {
      return outcome;
    }
  }
  throw new BackingUnavailableError('record-store', 'others keep changing the record');
}
