import { randomUUID } from 'node:crypto';
import type { RecordFields, StoredRecord } from '../port.ts';
import { decodeId, encodeId } from './document-id.ts';
import {
  decodeFields,
  decodeTime,
  encodeFields,
  encodeValue,
  type Timestamp,
  type Value,
} from './fields.ts';
import { type FirestoreCall, isNotFound, isUnmet, type Step } from './firestore-calls.ts';
import { formatVersion } from './version.ts';

/** The field that Firestore's TTL policy of each kind must name. */
export const EXPIRY_FIELD = 'expiresAt';

const REVISION_FIELD = 'revision';
const FIELDS_FIELD = 'fields';

/** A document as Firestore's protocol has it. */
export interface RawDocument {
  readonly name?: string | null;
  readonly fields?: Readonly<Record<string, Value>> | null;
  readonly updateTime?: Timestamp | null;
}

export interface StoredDocument {
  readonly record: StoredRecord<RecordFields>;
  /** Drawn anew by each write: tells a writer whether what is stored is its own. */
  readonly revision: string;
  readonly updateTime: Timestamp;
}

/** The state that a document must be in for a write to be carried out. */
export interface Precondition {
  readonly exists?: boolean;
  readonly updateTime?: Timestamp;
}

/** A write was not carried out; this is stored, if anything is. */
export interface Unwritten {
  readonly stored: StoredDocument | null;
}

/** The documents of a database: reading and writing one, whatever its record expired. */
export class Documents {
  readonly #database: string;

  constructor(project: string, database: string) {
    this.#database = `projects/${project}/databases/${database}`;
  }

  get root(): string {
    return `${this.#database}/documents`;
  }

  name(kind: string, id: string): string {
    return `${this.root}/${kind}/${encodeId(id)}`;
  }

  async read(step: Step, name: string): Promise<StoredDocument | null> {
    return step(async (client, options) => {
      try {
        const [document] = await client.getDocument({ name }, options);
        return decodeDocument(document);
      } catch (error) {
        if (isNotFound(error)) {
          return null;
        }
        throw error;
      }
    });
  }

  /**
   * Writes the document whole.
   *
   * @returns null, or what is stored instead if the precondition was not met: a write that was carried
   * out but whose answer was lost is recognised by its revision
   */
  async write(
    step: Step,
    name: string,
    given: { fields: RecordFields; expiresAt: Date | null; precondition?: Precondition },
  ): Promise<Unwritten | null> {
    const revision = randomUUID();
    const fields = {
      [FIELDS_FIELD]: { mapValue: { fields: encodeFields(given.fields) } },
      [EXPIRY_FIELD]: encodeValue(given.expiresAt),
      [REVISION_FIELD]: encodeValue(revision),
    };
    const write = { update: { name, fields }, currentDocument: given.precondition ?? null };
    if (await this.#commit(step, write)) {
      return null;
    }
    const stored = await this.read(step, name);
    return stored?.revision === revision ? null : { stored };
  }

  /** @returns whether the precondition was met */
  delete(step: Step, name: string, precondition: Precondition): Promise<boolean> {
    return this.#commit(step, { delete: name, currentDocument: precondition });
  }

  async #commit(step: Step, write: object): Promise<boolean> {
    const commit: FirestoreCall<boolean> = async (client, options) => {
      try {
        await client.commit({ database: this.#database, writes: [write] }, options);
        return true;
      } catch (error) {
        if (isUnmet(error)) {
          return false;
        }
        throw error;
      }
    };
    return step(commit);
  }
}

export function decodeDocument({ name, fields, updateTime }: RawDocument): StoredDocument {
  const expiry = fields?.[EXPIRY_FIELD]?.timestampValue;
  const expiresAt = expiry ? decodeTime(expiry) : null;
  const stamp = updateTime ?? {};
  return {
    record: {
      id: decodeId(name?.slice(name.lastIndexOf('/') + 1) ?? ''),
      fields: decodeFields(fields?.[FIELDS_FIELD]?.mapValue?.fields),
      version: formatVersion(stamp, expiresAt),
      expiresAt,
    },
    revision: fields?.[REVISION_FIELD]?.stringValue ?? '',
    updateTime: stamp,
  };
}
