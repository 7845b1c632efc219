import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';

/** What comes before the octets of a message of gRPC. */
export function messageHeader(octets: number, { isCompressed = false } = {}): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(isCompressed ? 1 : 0);
  header.writeUInt32BE(octets, 1);
  return header;
}

interface RawCallOptions {
  /** The metadata of that name. */
  readonly authorization?: string;
  /** Whether to read nothing that the server sends. */
  readonly isDeaf?: boolean;
}

/** A call on bare HTTP/2, since gRPC’s client sends whole messages only. */
export class RawCall {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #status: Promise<string>;
  /** Of acknowledgements. */
  receivedOctets = 0;

  private constructor(
    session: ClientHttp2Session,
    path: string,
    { authorization, isDeaf = false }: RawCallOptions = {},
  ) {
    this.#session = session;
    this.#stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(authorization !== undefined && { authorization }),
    });
    this.#status = new Promise((resolve) => {
      const note = (headers: http2.IncomingHttpHeaders) => {
        if (headers['grpc-status'] !== undefined) {
          resolve(String(headers['grpc-status']));
        }
      };
      this.#stream.on('response', note);
      this.#stream.on('trailers', note);
      this.#stream.on('close', () => resolve(`reset: ${this.#stream.rstCode}`));
    });
    this.#stream.on('error', () => {});
    if (!isDeaf) {
      this.#stream.on('data', ({ length }: Buffer) => {
        this.receivedOctets += length;
      });
    }
  }

  /** Over a connection of its own. */
  static begin(port: number, path = '/awala.cogrpc.CargoRelay/DeliverCargo'): RawCall {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    return RawCall.over(session, path);
  }

  static over(session: ClientHttp2Session, path: string, options?: RawCallOptions): RawCall {
    return new RawCall(session, path, options);
  }

  /** The gRPC status, or how the stream was reset. */
  get status(): Promise<string> {
    return this.#status;
  }

  /** Resolves once neither side has the call any more. */
  get closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.closed) {
        resolve();
      } else {
        this.#stream.once('close', () => resolve());
      }
    });
  }

  send(octets: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.write(octets, () => resolve());
    });
  }

  /** Half-closes. @returns the gRPC status, or how the stream was reset */
  finish(): Promise<string> {
    this.#stream.end();
    return this.#status;
  }

  vanish(): void {
    this.#session.destroy();
  }
}
