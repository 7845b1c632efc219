import { randomBytes } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import { serialiseChallenge } from '#awala/collection/handshake.ts';
import { PeerGoneError, Refusal } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import { inTime } from '#bounds/deadline.ts';
import {
  type CollectionParts,
  ParcelCollection,
} from '#gateway/parcel-collection/parcel-collection.ts';
import type { ParcelCollectionLimits } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import type { Log, LogFields } from '#log/log.ts';
import { CLOSE, type CloseCode, type Ending, endingFor, NO_WEBSOCKET } from './answers.ts';
import { authenticateCollector, type HandshakeParts } from './collector-handshake.ts';
import { CollectorReport } from './collector-report.ts';
import { type CollectorTraits, returnsOnlyIfCut } from './collector-traits.ts';
import { ConfirmedFlow } from './confirmed-flow.ts';
import { sendDelivery } from './delivery-sender.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Place } from './places.ts';

const NONCE_OCTETS = 32;
/** Longer texts cannot be delivery ids of ours. */
const MAX_DELIVERY_ID_OCTETS = 64;
/** How long a client may take to answer our closing frame. */
const CLOSE_TIMEOUT_MS = 5_000;
/** How long a client that must go has to acknowledge what it has. */
export const WIND_UP_MS = 3_000;

/** What a connection needs. */
export interface CollectorParts extends CollectionParts, HandshakeParts {
  readonly heartbeat: Heartbeat;
}

/** Limits of a connection. */
export interface CollectorLimits extends ParcelCollectionLimits {
  /** Time to answer the challenge. */
  readonly handshakeTimeoutMs: number;
}

/** How a connection informs its server. */
interface CollectorHost {
  readonly place: Place;
  /** The answer to the challenge no longer takes memory. */
  answerDealtWith(): void;
}

/** The connection before its client says anything. */
interface NewCollector {
  readonly traits: CollectorTraits;
  /** Names the request that became the connection. */
  readonly requestId: string;
}

/**
 * The WebSocket connection of a collecting client: challenge, handshake, then deliveries and
 * acknowledgements until either side ends it.
 *
 * @see RS-016 "Parcel collection"
 */
export class CollectorConnection {
  readonly #socket: WebSocket;
  readonly #traits: CollectorTraits;
  readonly #parts: CollectorParts;
  readonly #limits: CollectorLimits;
  readonly #host: CollectorHost;
  readonly #report: CollectorReport;
  readonly #gone = new AbortController();
  readonly #nonce = randomBytes(NONCE_OCTETS);
  readonly #flow: ConfirmedFlow;
  #phase: 'challenged' | 'verifying' | 'collecting' | 'closing' = 'challenged';
  #collection: ParcelCollection | null = null;
  #lastSeenMs: number;
  #collecting = Promise.resolve();
  #isToGo = false;
  #windingUp: Promise<boolean> | null = null;
  #stopHeartbeat = () => {};
  #cancelTimeout = () => {};
  #onEnded = () => {};

  constructor(
    socket: WebSocket,
    { traits, requestId }: NewCollector,
    parts: CollectorParts,
    limits: CollectorLimits,
    host: CollectorHost,
  ) {
    this.#socket = socket;
    this.#traits = traits;
    this.#parts = parts;
    this.#limits = { ...limits, window: traits.mergesDeliveries ? 1 : limits.window };
    this.#host = host;
    this.#report = new CollectorReport(parts.log, requestId);
    this.#lastSeenMs = parts.clock.elapsedMs();
    this.#flow = new ConfirmedFlow({
      clock: parts.clock,
      sendPing: (payload) => socket.ping(payload),
      signal: this.#gone.signal,
    });
  }

  /**
   * Starts the conversation. Call it once.
   *
   * @param onEnded - called once the connection is closed and what was acknowledged is deleted
   */
  open(onEnded: () => void): void {
    this.#onEnded = onEnded;
    this.#socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    this.#socket.on('pong', (payload) => this.#onPong(payload));
    this.#socket.on('ping', () => this.#seen());
    this.#socket.on('error', (error) => this.#onMisbehaviour(error));
    this.#socket.once('close', (code, reason) => this.#onClose(code, String(reason)));
    if (this.#traits.isBrowser) {
      this.refuse(new Refusal('browser', 'Web browsers are not allowed'));
      return;
    }
    this.#stopHeartbeat = this.#parts.heartbeat.watch({
      ping: () => this.#flow.ping(),
      lastSeenMs: () => this.#lastSeenMs,
      lost: () => this.#socket.terminate(),
    });
    this.#cancelTimeout = this.#parts.clock.schedule(this.#limits.handshakeTimeoutMs, () =>
      this.refuse(new Refusal('challenge-unanswered', 'The challenge was not answered in time')),
    );
    this.#socket.send(serialiseChallenge(this.#nonce));
  }

  /**
   * Asks the client to go and come back, because the server cannot serve it. Resolves within some
   * seconds: once it was asked, or will be when it answers the challenge.
   *
   * @see docs/decisions/restarts.md, on when the deployed Android client comes back
   */
  async goAway(): Promise<void> {
    this.#isToGo = true;
    if (this.#phase === 'challenged') {
      return;
    }
    const hasNothing = await this.windUp();
    if (hasNothing && returnsOnlyIfCut(this.#traits)) {
      this.#socket.terminate();
    } else {
      this.refuse(goingAway());
    }
  }

  /**
   * Sends no more deliveries, and gives the client some seconds to acknowledge those it has.
   *
   * @returns whether it did
   */
  windUp(): Promise<boolean> {
    this.#windingUp ??= inTime(
      this.#parts.clock,
      WIND_UP_MS,
      (this.#collection?.windUp() ?? Promise.resolve()).then(() => true),
      () => false,
    );
    return this.#windingUp;
  }

  /** Ends the connection without waiting for the client. */
  cut(): void {
    if (this.#phase !== 'challenged') {
      this.refuse(goingAway());
    }
    this.#socket.terminate();
  }

  /** Ends the connection, by the table of closings. */
  refuse(refusal: Refusal): void {
    const ending = endingFor(refusal, this.#traits);
    const { code: reason, message: detail } = refusal;
    this.#reportFailure(ending, detail === ending.reason ? { reason } : { reason, detail });
    this.#endAs(ending);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#seen();
    if (this.#phase === 'challenged' && isBinary) {
      this.#phase = 'verifying';
      this.#cancelTimeout();
      if (this.#isToGo) {
        void this.goAway();
      } else {
        void this.#shakeHands(octetsOf(data));
      }
    } else if (this.#collection && !isBinary) {
      this.#acknowledge(this.#collection, octetsOf(data));
    } else {
      this.refuse(new Refusal('message-unexpected', 'This message was not expected now'));
    }
  }

  /** `ws` is already closing the connection, with a code for what was wrong. */
  #onMisbehaviour(error: Error): void {
    this.#reportFailure(NO_WEBSOCKET, { error });
    this.#endAs(NO_WEBSOCKET);
  }

  /** Works even while closing: the peer need not get again what it has. */
  #acknowledge(collection: ParcelCollection, octets: Buffer): void {
    const isPlausible = octets.length <= MAX_DELIVERY_ID_OCTETS;
    const deliveryId = octets.toString('latin1');
    if (!isPlausible || !collection.acknowledge(deliveryId)) {
      const message = 'No such delivery awaits an acknowledgement';
      this.refuse(new Refusal('acknowledgement-unknown', message));
    }
    this.#flow.onAcknowledged(deliveryId);
  }

  /** Does not wait for the collection, which would keep the handshake in memory. */
  async #shakeHands(handshake: Uint8Array): Promise<void> {
    try {
      const privateGateways = await authenticateCollector(
        { handshake, nonce: this.#nonce },
        this.#parts,
        this.#gone.signal,
      );
      this.#host.place.whenGiven(privateGateways.length, () => {
        if (!this.#gone.signal.aborted && !this.#windingUp) {
          this.#collecting = this.#collect(privateGateways);
        }
      });
    } catch (error) {
      this.#closeAfter(error);
    } finally {
      this.#host.answerDealtWith();
    }
  }

  async #collect(privateGateways: readonly NodeId[]): Promise<void> {
    const { metrics } = this.#parts;
    const { log } = this.#report;
    this.#report.peers = privateGateways;
    metrics.collectorConnected();
    for (const each of privateGateways) {
      metrics.phoneSeen(each);
    }
    log.debug({ peers: privateGateways, keepAlive: this.#traits.keepAlive }, 'Collecting');
    this.#collection = this.#openCollection(privateGateways, log);
    this.#phase = 'collecting';
    try {
      await this.#collection.run(this.#gone.signal);
      this.#close(CLOSE.completed, 'All parcels were collected');
    } catch (error) {
      this.#closeAfter(error);
    } finally {
      metrics.collectorDisconnected();
    }
  }

  #openCollection(privateGateways: readonly NodeId[], log: Log): ParcelCollection {
    const { clock } = this.#parts;
    return new ParcelCollection(
      { ...this.#parts, log },
      {
        privateGateways,
        keepAlive: this.#traits.keepAlive,
        limits: this.#limits,
        send: (deliveryId, parcel) =>
          sendDelivery(
            this.#socket,
            { deliveryId, parcel },
            { clock, flow: this.#flow, signal: this.#gone.signal },
          ),
      },
    );
  }

  #closeAfter(error: unknown): void {
    if (this.#gone.signal.aborted) {
      return;
    }
    if (error instanceof PeerGoneError) {
      this.#socket.terminate();
    } else if (error instanceof Refusal) {
      this.refuse(error);
    } else {
      const ending = endingFor(error, this.#traits);
      this.#reportFailure(ending, { error });
      // Android does not come back if it is closed before it has acknowledged what it holds.
      void this.windUp().then(() => this.#endAs(ending));
    }
  }

  #reportFailure({ log }: Ending, fields: LogFields): void {
    if (log) {
      this.#report.failed(log.level, log.message, fields);
    }
  }

  #endAs({ code, reason }: Ending): void {
    if (code === null) {
      this.#socket.terminate();
    } else {
      this.#close(code, reason);
    }
  }

  #close(code: CloseCode, reason: string): void {
    if (this.#phase !== 'closing') {
      this.#phase = 'closing';
      this.#report.closing(code, reason);
      this.#cancelTimeout();
      this.#socket.close(code, reason);
      this.#cancelTimeout = this.#parts.clock.schedule(CLOSE_TIMEOUT_MS, () =>
        this.#socket.terminate(),
      );
      this.#gone.abort(new Error('the collector was told to go'));
    }
  }

  #onClose(code: number, reason: string): void {
    this.#report.ended(code, reason, this.#collection?.counts);
    this.#phase = 'closing';
    this.#stopHeartbeat();
    this.#cancelTimeout();
    this.#gone.abort(new Error('the collector is gone'));
    void this.#end();
  }

  async #end(): Promise<void> {
    await this.#collecting;
    await this.#collection?.settled();
    this.#onEnded();
  }

  #onPong(payload: Buffer): void {
    this.#seen();
    this.#flow.onPong(payload);
  }

  #seen(): void {
    this.#lastSeenMs = this.#parts.clock.elapsedMs();
  }
}

function octetsOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) {
    return data;
  }
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function goingAway(): Refusal {
  return new Refusal('stopping', 'The server is going away');
}
