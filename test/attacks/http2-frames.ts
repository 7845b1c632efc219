/** Frames of HTTP/2 written by hand, valid or not (RFC 9113). */

/** Types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
  continuation: 9,
  /** None that is known. */
  unknown: 0x5b,
} as const;

const END_HEADERS = 4;

/** What a client begins with. */
export const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME.settings, 0),
]);

interface FrameParts {
  readonly flags?: number;
  readonly payload?: Uint8Array;
}

export function frame(
  type: number,
  stream: number,
  { flags = 0, payload = Buffer.alloc(0) }: FrameParts = {},
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** The headers of a call, as literals that no table remembers (RFC 7541, section 6.2.2). */
export function callHeaders(stream: number, path: string, isWhole = true): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'a',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const payload = Buffer.concat(Object.entries(fields).map(([name, value]) => field(name, value)));
  return frame(FRAME.headers, stream, { payload, flags: isWhole ? END_HEADERS : 0 });
}

/** A header of under 127 octets. */
export function field(name: string, value: string): Buffer {
  const literal = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
  return Buffer.concat([Buffer.of(0), literal(name), literal(value)]);
}
