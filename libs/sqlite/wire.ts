import type { Row, SqlValue, Statement, WriteResult } from './database.ts';
import type { Failure } from './failure.ts';

/** A blob travels as its offset and length, in octets, in {@link CallBatch.blobs}. */
type WireValue = string | number | bigint | null | readonly [number, number];

/** The index of the SQL text, in order of first use, then the parameters. */
type WireStatement = readonly [number, ...WireValue[]];

/** Calls sent to a thread together, each a list of statements. */
export interface CallBatch {
  readonly type: 'calls';
  /** Texts used for the first time. */
  readonly newSql: readonly string[];
  readonly calls: readonly (readonly WireStatement[])[];
  /** All blobs of the batch, end to end. */
  readonly blobs: ArrayBuffer;
}

/** Ends the thread after everything sent before. */
export interface CloseRequest {
  readonly type: 'close';
}

/** Rows that a statement returns. */
export interface WireRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/** The result of a call, with one entry per statement. */
export interface WireResult {
  readonly changes: readonly number[];
  /** Absent if no statement of the call returns rows. */
  readonly rows?: readonly (WireRows | null)[];
}

/** What a thread replies to one call. */
export type WireAnswer = WireResult | { readonly failure: Failure };

/** Answers, in the order of the calls. */
export interface AnswerBatch {
  readonly type: 'answers';
  readonly answers: readonly WireAnswer[];
}

/** A thread's first message: whether it could open the database. */
export interface StartReport {
  readonly type: 'started';
  readonly failure: Failure | null;
}

/** A statement as a thread runs it, its SQL resolved to an index. */
export interface PreparedCallStatement {
  readonly sqlIndex: number;
  readonly parameters: readonly SqlValue[];
}

/** Encodes calls into batches; remembers which SQL texts the thread knows. */
export class CallEncoder {
  readonly #sqlIndexes = new Map<string, number>();

  encode(calls: readonly (readonly Statement[])[]): CallBatch {
    const newSql: string[] = [];
    const blobs = new BlobPacker(calls);
    const wireCalls = calls.map((call) =>
      call.map(({ sql, parameters = [] }): WireStatement => {
        let index = this.#sqlIndexes.get(sql);
        if (index === undefined) {
          index = this.#sqlIndexes.size;
          this.#sqlIndexes.set(sql, index);
          newSql.push(sql);
        }
        return [index, ...parameters.map((value) => blobs.pack(value))];
      }),
    );
    return { type: 'calls', newSql, calls: wireCalls, blobs: blobs.packed };
  }
}

/**
 * Copies blobs into one buffer that can be transferred. Posting a view would clone the whole buffer
 * behind it, once per view.
 */
class BlobPacker {
  readonly packed: ArrayBuffer;
  readonly #target: Uint8Array;
  #used = 0;

  constructor(calls: readonly (readonly Statement[])[]) {
    let total = 0;
    for (const call of calls) {
      for (const statement of call) {
        total += blobOctets(statement);
      }
    }
    // Not zeroed: every octet is written below.
    const buffer = Buffer.allocUnsafeSlow(total);
    this.#target = buffer;
    this.packed = buffer.buffer;
  }

  pack(value: SqlValue): WireValue {
    if (!(value instanceof Uint8Array)) {
      return value;
    }
    const offset = this.#used;
    this.#target.set(value, offset);
    this.#used += value.length;
    return [offset, value.length];
  }
}

function blobOctets({ parameters = [] }: Statement): number {
  let octets = 0;
  for (const value of parameters) {
    octets += value instanceof Uint8Array ? value.length : 0;
  }
  return octets;
}

/** Decodes a batch on the thread that runs it. */
export function decodeCalls({ calls, blobs }: CallBatch): PreparedCallStatement[][] {
  return calls.map((call) =>
    call.map(([sqlIndex, ...values]) => ({
      sqlIndex,
      parameters: values.map((value) =>
        Array.isArray(value) ? new Uint8Array(blobs, value[0], value[1]) : (value as SqlValue),
      ),
    })),
  );
}

/** The buffers of the answers' blobs, to transfer with them. */
export function buffersOf(answers: readonly WireAnswer[]): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const answer of answers) {
    for (const returned of ('rows' in answer && answer.rows) || []) {
      for (const value of returned?.rows.flat() ?? []) {
        if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer) {
          buffers.push(value.buffer);
        }
      }
    }
  }
  return buffers;
}

/** Decodes a thread's result for the caller of a write. */
export function decodeResult(result: WireResult): WriteResult {
  const rows = result.rows?.map((returned) => (returned ? rowsOf(returned) : []));
  return { changes: result.changes, rows: rows ?? result.changes.map(() => []) };
}

function rowsOf({ columns, rows }: WireRows): Row[] {
  return rows.map((values) => {
    const row: Record<string, SqlValue> = {};
    for (let index = 0; index < columns.length; index++) {
      row[columns[index] ?? ''] = values[index] ?? null;
    }
    return row;
  });
}
