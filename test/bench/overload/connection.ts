import { connect, type Socket } from 'node:net';
import type { Delivery } from '../deliveries.ts';

/** An answer to a parcel. */
export interface Answer {
  /** 0 if the connection ended without one. */
  readonly status: number;
  readonly saysWhen: boolean;
}

const HEAD_END = '\r\n\r\n';
const NO_ANSWER: Answer = { status: 0, saysWhen: false };

/**
 * A kept connection that brings one parcel after the other. It speaks just as much HTTP as that
 * takes, as it has to be far cheaper than the server that it loads.
 */
export class ParcelConnection {
  readonly #port: number;
  #socket: Socket | null = null;
  #received = '';
  #onAnswer: ((answer: Answer) => void) | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  /** Nothing may be under way. @param onAnswer - called once */
  send({ parcel, authorization }: Delivery, onAnswer: (answer: Answer) => void): void {
    this.#onAnswer = onAnswer;
    const socket = this.#socket ?? this.#open();
    const head = `POST /v1/parcels HTTP/1.1\r\nHost: a\r\nContent-Type: application/vnd.awala.parcel\r\nContent-Length: ${parcel.length}\r\nAuthorization: ${authorization}${HEAD_END}`;
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), parcel]));
  }

  /** Connects before there is anything to send. */
  open(): Promise<void> {
    return new Promise((resolve) => this.#open().once('connect', resolve));
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => this.#take(piece));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) {
        this.#socket = null;
        this.#answer(NO_ANSWER);
      }
    });
    this.#socket = socket;
    this.#received = '';
    return socket;
  }

  #take(piece: string): void {
    this.#received += piece;
    const head = this.#received.indexOf(HEAD_END);
    if (head < 0) {
      return;
    }
    const text = this.#received;
    const octets = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < head + HEAD_END.length + octets) {
      return;
    }
    this.#received = '';
    const status = Number(text.slice(9, 12));
    if (/\r\nconnection: close/i.test(text)) {
      this.#socket?.destroy();
      this.#socket = null;
    }
    this.#answer({ status, saysWhen: status === 503 && /\r\nretry-after: /i.test(text) });
  }

  #answer(answer: Answer): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = null;
    onAnswer?.(answer);
  }
}
