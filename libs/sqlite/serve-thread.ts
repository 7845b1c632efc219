import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import {
  type AnswerBatch,
  buffersOf,
  type CallBatch,
  type CloseRequest,
  decodeCalls,
  type PreparedCallStatement,
  type StartReport,
  type WireAnswer,
} from './wire.ts';

/** Limits on calls, and on octets of blobs, that run before any is answered. */
const MAX_CALLS_TOGETHER = 1_000;
const MAX_OCTETS_TOGETHER = 8 * 1_024 * 1_024;

/** What a thread does with its calls. */
export interface ThreadWork {
  learn(newSql: readonly string[]): void;
  run(calls: readonly PreparedCallStatement[][]): WireAnswer[];
  close(): void;
}

/**
 * Serves the parent thread until it asks to close: takes all waiting calls, runs them, and answers
 * them together.
 */
export function serveThread(open: () => ThreadWork): void {
  const port = parentPort;
  if (!port) {
    throw new Error('this module runs as a thread');
  }
  let work: ThreadWork;
  try {
    work = open();
  } catch (error) {
    port.postMessage({ type: 'started', failure: failureOf(error) } satisfies StartReport);
    return;
  }
  port.on('message', (first: CallBatch | CloseRequest) => {
    const { calls, closing } = drain(port, first, work);
    const answers = work.run(calls);
    port.postMessage({ type: 'answers', answers } satisfies AnswerBatch, buffersOf(answers));
    if (closing) {
      work.close();
      port.close();
    }
  });
  port.postMessage({ type: 'started', failure: null } satisfies StartReport);
}

function drain(
  port: MessagePort,
  first: CallBatch | CloseRequest,
  work: ThreadWork,
): { calls: PreparedCallStatement[][]; closing: boolean } {
  const calls: PreparedCallStatement[][] = [];
  let octets = 0;
  let message: CallBatch | CloseRequest | undefined = first;
  while (message?.type === 'calls') {
    work.learn(message.newSql);
    calls.push(...decodeCalls(message));
    octets += message.blobs.byteLength;
    if (calls.length >= MAX_CALLS_TOGETHER || octets >= MAX_OCTETS_TOGETHER) {
      break;
    }
    message = receiveMessageOnPort(port)?.message;
  }
  return { calls, closing: message?.type === 'close' };
}
