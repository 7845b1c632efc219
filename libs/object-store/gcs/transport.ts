import { randomUUID } from 'node:crypto';
import type { Storage } from '@google-cloud/storage';
import type { Dispatcher } from 'undici';
import { GcsStatusError } from './errors.ts';
import { exchange } from './exchange.ts';

type Seam = Storage['makeAuthenticatedRequest'];

/** The client library's options of a request. */
export type LibraryRequest = Parameters<Seam>[0];

interface Part {
  readonly 'Content-Type': string;
  readonly body: string | Uint8Array;
}

/** A request as the client library passes it on, whatever else is in it. */
export interface StorageRequest extends Omit<LibraryRequest, 'multipart'> {
  readonly multipart?: readonly Part[];
  /** Ends the request together with its connection. */
  readonly signal?: AbortSignal;
}

/** The answer to a request that succeeded. */
export interface StorageAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Octets, if the request was for an object's content (`alt=media`); else a value from JSON. */
  readonly body: unknown;
}

/** What a transport needs. */
interface TransportParts {
  readonly connections: Dispatcher;
  /** The headers that authorise a request; null to send none. */
  readonly authorise:
    | ((url: string, signal?: AbortSignal) => Promise<Record<string, string>>)
    | null;
}

/**
 * Makes a client library send its requests over these connections, each once.
 *
 * What the library would use takes no signal and ignores `timeout`
 * (googleapis/google-cloud-node#7998), and needs several times the CPU. Bodies are sent and received
 * whole: nothing that the library streams comes through here.
 *
 * @see docs/decisions/cloud-storage-by-its-client.md
 */
export function sendOver(parts: TransportParts, storage: Storage): void {
  const make = (request: StorageRequest, callback: LibraryCallback) => {
    send(parts, request).then((answer) => callback(null, answer.body, answer), callback);
  };
  // The cast: without a callback, the library would get a stream.
  storage.makeAuthenticatedRequest = Object.assign(
    make,
    storage.makeAuthenticatedRequest,
  ) as unknown as Seam;
}

type LibraryCallback = (error: unknown, body?: unknown, answer?: StorageAnswer) => void;

/** @throws {GcsStatusError} if the service refuses */
async function send(
  { connections, authorise }: TransportParts,
  request: StorageRequest,
): Promise<StorageAnswer> {
  const { method = 'GET', uri, qs = {}, signal } = request;
  const content = contentOf(request);
  const authorisation = await authorise?.(uri, signal);
  const pathStart = uri.indexOf('/', uri.indexOf('//') + 2);
  const { statusCode, headers, octets } = await exchange(
    connections,
    {
      origin: uri.slice(0, pathStart),
      path: `${uri.slice(pathStart)}?${new URLSearchParams(qs)}`,
      method: method as Dispatcher.HttpMethod,
      headers: { ...request.headers, ...content?.headers, ...authorisation },
      // It takes iterables too, which its types leave out.
      ...(content && { body: content.body as string }),
    },
    signal,
  );
  if (statusCode < 200 || statusCode > 299) {
    throw new GcsStatusError(statusCode, reasonIn(octets.toString()));
  }
  return { headers, body: qs.alt === 'media' ? octets : valueIn(octets) };
}

interface Content {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Iterable<Uint8Array>;
}

/** Bodies up to this, in octets, are copied into one piece: that costs less than writing each by itself. */
const ONE_PIECE_OCTETS = 64 * 1_024;

function contentOf({ json, multipart }: StorageRequest): Content | null {
  if (multipart) {
    return related(multipart);
  }
  return json === undefined
    ? null
    : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(json) };
}

/** Parts as `multipart/related` (RFC 2387); large ones are not copied. */
function related(parts: readonly Part[]): Content {
  const boundary = randomUUID();
  const pieces: Uint8Array[] = [];
  let text = '';
  for (const part of parts) {
    text += `--${boundary}\r\nContent-Type: ${part['Content-Type']}\r\n\r\n`;
    if (typeof part.body === 'string') {
      text += part.body;
    } else {
      pieces.push(Buffer.from(text), part.body);
      text = '';
    }
    text += '\r\n';
  }
  pieces.push(Buffer.from(`${text}--${boundary}--`));
  const octets = pieces.reduce((sum, { length }) => sum + length, 0);
  return {
    headers: {
      'Content-Type': `multipart/related; boundary=${boundary}`,
      'Content-Length': String(octets),
    },
    body: octets <= ONE_PIECE_OCTETS ? Buffer.concat(pieces, octets) : pieces,
  };
}

function valueIn(octets: Buffer): unknown {
  return octets.length === 0 ? undefined : JSON.parse(octets.toString());
}

/** What a refusal says: its message, if it is JSON of the service's form, or else all of it. */
function reasonIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: unknown } };
    return typeof error?.message === 'string' ? error.message : text;
  } catch {
    return text;
  }
}
