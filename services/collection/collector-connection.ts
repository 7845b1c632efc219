import { randomBytes } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import { serialiseChallenge } from '#awala/collection/handshake.ts';
import { MessageFault, PeerGoneError, Refusal } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Who } from '#bounds/fair-shares.ts';
import { ParcelCollection } from '#gateway/parcel-collection/parcel-collection.ts';
import { blockedRefusal } from '#gateway/peers/blocked.ts';
import type { LogFields } from '#log/log.ts';
import { CLOSE, type CloseCode, type Ending, endingFor, NO_WEBSOCKET } from './answers.ts';
import { authenticateCollector } from './collector-handshake.ts';
import type {
  CollectorHost,
  CollectorLimits,
  CollectorParts,
  NewCollector,
} from './collector-parts.ts';
import { CollectorReport } from './collector-report.ts';
import { type CollectorTraits, canBeMoved, returnsOnlyIfCut } from './collector-traits.ts';
import { ConfirmedFlow } from './confirmed-flow.ts';
import { sendDelivery } from './delivery-sender.ts';
import type { Pulse, Watch } from './heartbeat.ts';
import { IncomingMessages } from './incoming-messages.ts';
import type { Served } from './moving.ts';
import { PingSender } from './ping-sender.ts';
import type { Claimant, Place } from './places.ts';

const NONCE_OCTETS = 32;
const NO_NONCE = new Uint8Array();
/** Longer texts cannot be delivery ids of ours. */
const MAX_DELIVERY_ID_OCTETS = 64;
/** How long a client may take to answer our closing frame. */
const CLOSE_TIMEOUT_MS = 5_000;
/** How long a client that must go has to acknowledge what it has. */
export const WIND_UP_MS = 3_000;

/**
 * The WebSocket connection of a collecting client: challenge, handshake, then deliveries and
 * acknowledgements until either side ends it.
 *
 * Thousands are idle at once, so what an idle one does not need is made when it is needed.
 *
 * @see RS-016 "Parcel collection"
 */
export class CollectorConnection implements Served, Claimant, Pulse {
  readonly peerAddress: string;
  network: Who;
  isTold = false;
  readonly #socket: WebSocket;
  readonly #traits: CollectorTraits;
  readonly #parts: CollectorParts;
  readonly #limits: CollectorLimits;
  readonly #host: CollectorHost;
  readonly #report: CollectorReport;
  readonly #incoming: IncomingMessages;
  readonly #flow: ConfirmedFlow;
  readonly #place: Place;
  readonly #gone = new AbortController();
  /** Empty once it was answered. */
  #nonce: Uint8Array = randomBytes(NONCE_OCTETS);
  #phase: 'challenged' | 'verifying' | 'collecting' | 'closing' = 'challenged';
  /** That the client proved to be. */
  #nodes: readonly NodeId[] = [];
  #collection: ParcelCollection | null = null;
  #collecting: Promise<void> | null = null;
  #isToGo = false;
  #windingUp: Promise<boolean> | null = null;
  #watch: Watch | null = null;
  #cancelTimeout: (() => void) | null = null;

  /** @param limits - kept, not copied */
  constructor(
    { socket, transport, traits, requestId, peerAddress, network }: NewCollector,
    parts: CollectorParts,
    limits: CollectorLimits,
    host: CollectorHost,
  ) {
    this.peerAddress = peerAddress;
    this.network = network;
    this.#socket = socket;
    this.#traits = traits;
    this.#parts = parts;
    this.#limits = limits;
    this.#host = host;
    this.#report = new CollectorReport(parts.log, requestId);
    this.#incoming = new IncomingMessages(transport, this, host);
    const pings = new PingSender(socket, transport);
    this.#flow = new ConfirmedFlow({ clock: parts.clock, pings });
    this.#place = host.places.enter(this);
  }

  /** Whether its client, sent away, comes back in its own time. */
  get canBeMoved(): boolean {
    return canBeMoved(this.#traits);
  }

  /** Whether it stays until it is sent away, rather than end once it has what there is. */
  get isKeptAlive(): boolean {
    return this.#traits.keepAlive;
  }

  /** The opposite of {@link isKeptAlive}. */
  get isBrief(): boolean {
    return !this.#traits.keepAlive;
  }

  /** Starts the conversation. Call it once. */
  open(): void {
    this.#socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    this.#socket.on('pong', (payload) => this.#onPong(payload));
    this.#socket.on('ping', () => this.#watch?.seen());
    this.#socket.on('error', (error) => this.#onMisbehaviour(error));
    this.#socket.on('close', (code, reason) => this.#onClose(code, String(reason)));
    if (this.#traits.isBrowser) {
      this.refuse(new Refusal('browser', 'Web browsers are not allowed'));
      return;
    }
    this.#watch = this.#parts.heartbeat.watch(this);
    this.#expectWithin(this.#limits.handshakeTimeoutMs, () =>
      this.refuse(new Refusal('challenge-unanswered', 'The challenge was not answered in time')),
    );
    this.#socket.send(serialiseChallenge(this.#nonce));
  }

  /** Pings the client; its pong is a sign of life. */
  ping(): void {
    this.#flow.ping();
  }

  /** The client gave no sign of life for too long. */
  lost(): void {
    this.#socket.terminate();
  }

  /** Others need the room. */
  drop(): void {
    this.#socket.terminate();
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

  /** Ends the connection if any of its private gateways may collect no more. */
  heedBlocks(): void {
    if (this.#isBlocked && this.#phase !== 'closing') {
      // Android takes a close as an error while it has something to acknowledge.
      void this.windUp().then(() => this.#sendAwayBlocked());
    }
  }

  #sendAwayBlocked(): void {
    if (this.#phase !== 'closing') {
      this.refuse(blockedRefusal());
    }
  }

  get #isBlocked(): boolean {
    return this.#nodes.some((node) => !this.#parts.policy.mayCollect(node));
  }

  /** Ends the connection, by the table of closings. */
  refuse(refusal: Refusal): void {
    const ending = endingFor(refusal, this.#traits);
    const { code: reason, message: detail } = refusal;
    this.#reportFailure(ending, detail === ending.reason ? { reason } : { reason, detail });
    this.#endAs(ending);
  }

  /** Collects what is held for the client: it has proven who it is, and has a place. */
  collect(): void {
    if (this.#gone.signal.aborted || this.#windingUp) {
      return;
    }
    const { metrics } = this.#parts;
    const { log } = this.#report;
    this.#report.peers = this.#nodes;
    metrics.collectorConnected();
    for (const each of this.#nodes) {
      metrics.phoneSeen(each);
    }
    log.debug({ peers: this.#nodes, keepAlive: this.#traits.keepAlive }, 'Collecting');
    this.#collection = this.#openCollection();
    this.#phase = 'collecting';
    // No async function, whose state an idle connection would keep.
    this.#collecting = this.#collection.run(this.#gone.signal).then(
      () => {
        this.#close(CLOSE.completed, 'All parcels were collected');
        metrics.collectorDisconnected();
      },
      (error) => {
        this.#closeAfter(error);
        metrics.collectorDisconnected();
      },
    );
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#watch?.seen();
    if (this.#phase === 'challenged' && isBinary) {
      this.#phase = 'verifying';
      this.#expectNothing();
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
    const answer = { handshake, nonce: this.#nonce };
    this.#nonce = NO_NONCE;
    try {
      const who = await authenticateCollector(answer, this.#parts, this.#gone.signal);
      this.#nodes = who.nodes;
      if (this.#isBlocked) {
        throw blockedRefusal();
      }
      if (who.isEstablished) {
        this.network = who.nodes.slice(0, 1);
      }
      this.#host.places.admit(this.#place, this.#nodes);
    } catch (error) {
      this.#closeAfterHandshake(error);
    } finally {
      this.#incoming.answerDealtWith();
    }
  }

  #closeAfterHandshake(error: unknown): void {
    const isBad = error instanceof MessageFault;
    const waitMs = isBad ? this.#host.badHandshakes.count(this.network) : 0;
    if (waitMs > 0) {
      this.#expectWithin(waitMs, () => this.#closeAfter(error));
    } else {
      this.#closeAfter(error);
    }
  }

  #openCollection(): ParcelCollection {
    const { clock } = this.#parts;
    const { senders } = this.#host;
    const { network } = this;
    return new ParcelCollection(
      { ...this.#parts, log: this.#report.log },
      {
        privateGateways: this.#nodes,
        keepAlive: this.#traits.keepAlive,
        limits: this.#limits,
        turn: this.#place.who,
        send: (deliveryId, parcel) =>
          sendDelivery(
            this.#socket,
            { deliveryId, parcel },
            { clock, flow: this.#flow, senders, network, signal: this.#gone.signal },
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
      this.#socket.close(code, reason);
      this.#expectWithin(CLOSE_TIMEOUT_MS, () => this.#socket.terminate());
      this.#gone.abort(new Error('the collector was told to go'));
    }
  }

  #onClose(code: number, reason: string): void {
    this.#report.ended(code, reason, this.#collection?.counts);
    this.#phase = 'closing';
    this.#watch?.stop();
    this.#expectNothing();
    this.#incoming.end();
    this.#host.places.leave(this.#place);
    this.#gone.abort(new Error('the collector is gone'));
    void this.#end();
  }

  async #end(): Promise<void> {
    await this.#collecting;
    await this.#collection?.settled();
    this.#host.onEnded(this);
  }

  #onPong(payload: Uint8Array): void {
    this.#watch?.seen();
    this.#place.touch();
    this.#flow.onPong(payload);
  }

  #expectWithin(timeoutMs: number, otherwise: () => void): void {
    this.#expectNothing();
    this.#cancelTimeout = this.#parts.clock.schedule(timeoutMs, otherwise);
  }

  #expectNothing(): void {
    this.#cancelTimeout?.();
    this.#cancelTimeout = null;
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
