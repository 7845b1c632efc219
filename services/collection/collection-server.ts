import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Budget } from '#bounds/budget.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Who } from '#bounds/fair-shares.ts';
import { delay } from '#clock/clock.ts';
import type { SharedThing } from '#metrics/port.ts';
import { ClientNetworks } from '#runtime/http/client-networks.ts';
import { RequestIds } from '#runtime/http/request-ids.ts';
import { REQUEST_ANSWERS } from './answers.ts';
import { BadHandshakes } from './bad-handshakes.ts';
import { CollectorConnection } from './collector-connection.ts';
import type {
  CollectorHost,
  CollectorLimits,
  CollectorParts,
  NewCollector,
} from './collector-parts.ts';
import { collectorTraits } from './collector-traits.ts';
import { HeldMessages } from './held-messages.ts';
import { inTurns } from './in-turns.ts';
import { sendAway } from './moving.ts';
import { Places, type PlacesLimits } from './places.ts';
import { endNow, refuse } from './refused-upgrades.ts';
import { Senders } from './senders.ts';

/** Path of the upgrade requests (RS-016). */
export const COLLECTION_PATH = '/v1/parcel-collection';

/**
 * The largest message from a client, a handshake response with a hundred signatures of 4 KiB each.
 * Later ones are small.
 */
const MAX_MESSAGE_OCTETS = 512 * 1024;
/** Fragments of one message; clients send none. Each takes far more memory than its octets. */
const MAX_FRAGMENTS = 64;
/** Pieces in which the network brings one message: enough for TCP's smallest segments. */
const MAX_MESSAGE_PIECES = 2_048;
/** For all clients together, even if all answer at once after a restart: some 4 KiB each. */
const MAX_HELD_OCTETS = 64 * 1024 * 1024;

/** At the very end, how long clients have to answer, and handshakes to finish. */
const LAST_ANSWERS_MS = 1_000;
/** How long deletions may take after that; a parcel that is not deleted just comes again. */
const LAST_DELETIONS_MS = 2_000;

interface CollectionServerLimits extends CollectorLimits, PlacesLimits {
  /** Memory for the bodies of parcels, of all collections. */
  readonly bufferOctets: number;
}

interface CollectionServerParts extends Omit<CollectorParts, 'budget'> {
  /** How to name the requests that become connections; by default, no proxy's id is used. */
  readonly requestIds?: RequestIds;
  /** By whom places are divided; by default, no proxy is trusted. */
  readonly clientNetworks?: ClientNetworks;
}

interface MoveAway {
  readonly spreadMs: number;
  readonly lingerMs: number;
}

/** Serves parcel collections on the upgrade requests of an HTTP server: its own, or PoWeb's. */
export class CollectionServer {
  readonly #parts: CollectorParts;
  readonly #limits: CollectionServerLimits;
  /** For clients that may lose a delivery that comes before they have read the one before. */
  readonly #limitsOfMerging: CollectionServerLimits;
  readonly #places: Places;
  readonly #host: CollectorHost;
  readonly #requestIds: RequestIds;
  readonly #clientNetworks: ClientNetworks;
  readonly #served = new Set<CollectorConnection>();
  readonly #held: HeldMessages;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_OCTETS,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_MESSAGE_PIECES,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: () => false,
  });
  #isClosed = false;
  /** Called whenever a connection has ended. */
  #onEnded = (_: CollectorConnection) => {};

  constructor(parts: CollectionServerParts, limits: CollectionServerLimits) {
    const counting = (what: SharedThing) => (isNarrowest: boolean) =>
      parts.metrics.overShare(what, isNarrowest ? 'client' : 'network');
    const budget = new Budget(limits.bufferOctets, {
      // Keeps a few slow peers with large parcels from stopping those with small ones.
      forSmall: Math.floor(limits.bufferOctets / 4),
      onWait: () => senders.look(),
    });
    const { clock } = parts;
    const senders = new Senders({ clock, budget, onGivenWay: counting('memory') });
    this.#parts = { ...parts, budget };
    this.#limits = limits;
    this.#limitsOfMerging = { ...limits, window: 1 };
    this.#requestIds = parts.requestIds ?? new RequestIds();
    this.#clientNetworks = parts.clientNetworks ?? new ClientNetworks();
    parts.policy.onChanged(() => void this.#heedBlocks());
    this.#places = new Places(limits, clock, counting('collections'));
    this.#held = new HeldMessages(MAX_HELD_OCTETS, counting('memory'));
    this.#host = {
      clock,
      places: this.#places,
      held: this.#held,
      senders,
      badHandshakes: new BadHandshakes(clock),
      onEnded: (connection) => {
        this.#served.delete(connection);
        this.#onEnded(connection);
      },
    };
  }

  /** Connections, waiting ones included. */
  get collectors(): number {
    return this.#served.size;
  }

  /** Connections that wait for a place. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /** Connections that were not asked to go. */
  get staying(): number {
    return this.#served.size - this.#those(({ isTold }) => isTold).length;
  }

  /**
   * Call it for each `upgrade` event of the HTTP server.
   *
   * @param accepted - called if the connection is one of this server from now on
   */
  readonly handleUpgrade = (
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    accepted = () => {},
  ): void => {
    socket.on('error', destroyIt);
    const path = request.url?.split('?', 1)[0];
    if (path === COLLECTION_PATH) {
      this.#accept(request, socket, head, accepted);
    } else {
      refuse(socket, REQUEST_ANSWERS['not-found']);
    }
  };

  /**
   * From now on holds clients that come to stay: they complete the handshake, get nothing, and are
   * closed by {@link closeAll}. Present collections continue.
   *
   * @see docs/decisions/restarts.md
   */
  hold(): void {
    this.#places.hold();
  }

  /**
   * Holds newcomers and sends the present clients to other servers, evenly over `spreadMs`, so that
   * they do not all arrive at once; then waits for `lingerMs`, as some may come back here and are
   * held.
   *
   * Clients that this would not help stay until {@link closeAll}.
   */
  async moveAway({ spreadMs, lingerMs }: MoveAway): Promise<void> {
    this.hold();
    if (this.#served.size === 0) {
      return;
    }
    const { clock } = this.#parts;
    const moved = this.#those(({ canBeMoved }) => canBeMoved);
    await sendAway(moved, { clock, spreadMs });
    await delay(clock, lingerMs);
  }

  /**
   * Sends that many clients to other servers, the longest present first; fewer if moving would harm
   * some. Resolves once all were asked.
   */
  async moveSome(count: number, spreadMs: number): Promise<void> {
    const going = this.#those(({ canBeMoved, isTold }) => canBeMoved && !isTold).slice(0, count);
    const isStillDue = () => !this.#isClosed;
    await sendAway(going, { clock: this.#parts.clock, spreadMs, isStillDue });
  }

  /**
   * Asks the clients of a load balancer that is about to cut its connections to go and come back.
   * Those that collect only what there is end by themselves.
   *
   * @param isGone - asked before each; false if the balancer takes connections again
   */
  async moveThoseBy(address: string, spreadMs: number, isGone: () => boolean): Promise<void> {
    const going = this.#those(
      ({ peerAddress, isKeptAlive, isTold }) => peerAddress === address && isKeptAlive && !isTold,
    );
    await sendAway(going, { clock: this.#parts.clock, spreadMs, isStillDue: isGone });
  }

  /**
   * Sends no more deliveries, and gives clients `boundMs` to acknowledge what they have: an Android
   * client that is closed before does not come back.
   */
  async windUp(boundMs: number): Promise<void> {
    this.hold();
    const all = this.#windUpAll();
    await inTime(this.#parts.clock, boundMs, all, () => {});
  }

  async #windUpAll(): Promise<void> {
    const windingUp: Promise<unknown>[] = [];
    await inTurns([...this.#served], (connection) => void windingUp.push(connection.windUp()));
    await Promise.all(windingUp);
  }

  /**
   * Closes all connections, as the process's last act, so that clients come back when the next
   * process is there. Holds those that come meanwhile.
   *
   * Resolves once all are gone, by force after a second, and what they acknowledged is deleted, or
   * two more seconds are over.
   */
  async closeAll(): Promise<void> {
    this.hold();
    const told = [...this.#served];
    await Promise.all([
      this.#untilGone(told, LAST_ANSWERS_MS),
      inTurns(told, (connection) => void connection.goAway()),
    ]);
    this.#isClosed = true;
    const left = [...this.#served];
    await Promise.all([
      this.#untilGone(left, LAST_DELETIONS_MS),
      inTurns(left, (connection) => connection.cut()),
    ]);
  }

  /** Takes collectors again after {@link hold} or {@link closeAll}. */
  resume(): void {
    this.#isClosed = false;
    this.#places.resume();
  }

  /** Octets of incomplete messages, and of unverified answers to the challenge. */
  get heldOctets(): number {
    return this.#held.heldOctets;
  }

  async #heedBlocks(): Promise<void> {
    await inTurns([...this.#served], (connection) => connection.heedBlocks());
  }

  /** In order of arrival. */
  #those(predicate: (connection: CollectorConnection) => boolean): readonly CollectorConnection[] {
    return [...this.#served].filter(predicate);
  }

  /** Resolves once they have ended, all of which are served now, or time is up. */
  async #untilGone(connections: readonly CollectorConnection[], boundMs: number): Promise<void> {
    const left = new Set(connections);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEnded = (connection) => {
      left.delete(connection);
      if (left.size === 0) {
        resolve();
      }
    };
    if (left.size > 0) {
      await inTime(this.#parts.clock, boundMs, promise, () => {});
    }
    this.#onEnded = () => {};
  }

  #idOf({ socket, headers }: IncomingMessage): string {
    return this.#requestIds.idOf(socket.remoteAddress, headers[this.#requestIds.header]);
  }

  #networkOf({ socket, headers }: IncomingMessage): Who {
    return this.#clientNetworks.pathOf(socket.remoteAddress, headers['x-forwarded-for']);
  }

  #accept(request: IncomingMessage, transport: Duplex, head: Buffer, accepted: () => void): void {
    const traits = collectorTraits(request.headers);
    const requestId = this.#idOf(request);
    const peerAddress = peerAddressOf(transport);
    const network = this.#networkOf(request);
    const hasRoom = !this.#isClosed && this.#places.makeRoom(network);
    if (!hasRoom && traits.mergesDeliveries) {
      refuse(transport, REQUEST_ANSWERS['collectors-full']);
      return;
    }
    this.#webSockets.handleUpgrade(request, transport, head, (socket) => {
      if (hasRoom) {
        accepted();
        this.#open({ socket, transport, traits, requestId, peerAddress, network });
      } else {
        // Android comes back 3 s after a connection just ends, and never after a refusal.
        endNow(transport);
      }
    });
  }

  #open(collector: NewCollector): void {
    // `ws` handles errors now.
    collector.transport.off('error', destroyIt);
    const limits = collector.traits.mergesDeliveries ? this.#limitsOfMerging : this.#limits;
    const connection = new CollectorConnection(collector, this.#parts, limits, this.#host);
    this.#served.add(connection);
    connection.open();
  }
}

function destroyIt(this: Duplex): void {
  this.destroy();
}

function peerAddressOf(transport: Duplex): string {
  return transport instanceof Socket ? (transport.remoteAddress ?? '') : '';
}
