import type { Row, SqlValue, Statement, WriteResult } from './database.ts';
import type { Failure } from './failure.ts';

/** A blob travels as its place in {@link CallBatch.blobs}: offset and length, in octets. */
type WireValue = string | number | bigint | null | readonly [number, number];

/** The index of the SQL text in the order in which texts were first sent, then the parameters. */
type WireStatement = readonly [number, ...WireValue[]];

/** Calls that were made together, each a list of statements, and are sent to a thread together. */
export interface CallBatch {
  readonly type: 'calls';
  /** Texts sent for the first time. */
  readonly newSql: readonly string[];
  readonly calls: readonly (readonly WireStatement[])[];
  /** Every blob of the batch, end to end. */
  readonly blobs: ArrayBuffer;
}

/** Ends the thread after everything sent before it. */
export interface CloseRequest {
  readonly type: 'close';
}

export interface WireRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/** One entry per statement. */
export interface WireResult {
  readonly changes: readonly number[];
  /** Absent if no statement of the call returns rows. */
  readonly rows?: readonly (WireRows | null)[];
}

export type WireAnswer = WireResult | { readonly failure: Failure };

/** Answers, in the order of the calls. */
export interface AnswerBatch {
  readonly type: 'answers';
  readonly answers: readonly WireAnswer[];
}

/** The first message of a thread: whether it could open the database. */
export interface StartReport {
  readonly type: 'started';
  readonly failure: Failure | null;
}

/** What a thread runs: statements with their SQL resolved to an index. */
export interface PreparedCallStatement {
  readonly sqlIndex: number;
  readonly parameters: readonly SqlValue[];
}

/** Turns calls into batches; remembers which SQL texts the thread already knows. */
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
 * Copies blobs into one buffer whose ownership can be given away. Sending a view
 * as it is would clone the whole buffer around it, once per view.
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
    // Not zeroed first; every octet is written below.
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

/** The buffers of the blobs in some answers, to be given away with them. */
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
