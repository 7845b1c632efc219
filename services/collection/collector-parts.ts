import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Who } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';
import type { CollectionParts } from '#gateway/parcel-collection/parcel-collection.ts';
import type { ParcelCollectionLimits } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import type { BadHandshakes } from './bad-handshakes.ts';
import type { CollectorConnection } from './collector-connection.ts';
import type { HandshakeParts } from './collector-handshake.ts';
import type { CollectorTraits } from './collector-traits.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { HeldMessages } from './held-messages.ts';
import type { Places } from './places.ts';
import type { Senders } from './senders.ts';

/** What a connection needs. */
export interface CollectorParts extends CollectionParts, HandshakeParts {
  readonly policy: PeerPolicy;
  readonly heartbeat: Heartbeat;
}

/** Limits of a connection. */
export interface CollectorLimits extends ParcelCollectionLimits {
  /** Time to answer the challenge. */
  readonly handshakeTimeoutMs: number;
}

/** What a server gives all its connections: one object, kept by thousands. */
export interface CollectorHost {
  readonly clock: Clock;
  readonly places: Places;
  readonly held: HeldMessages;
  readonly senders: Senders;
  readonly badHandshakes: BadHandshakes;
  /** The connection is closed, and what was acknowledged is deleted. */
  readonly onEnded: (connection: CollectorConnection) => void;
}

/** The connection before its client says anything. */
export interface NewCollector {
  readonly socket: WebSocket;
  /** Beneath the socket, which was opened in this turn of the event loop. */
  readonly transport: Duplex;
  readonly traits: CollectorTraits;
  /** Names the request that became the connection. */
  readonly requestId: string;
  /** Address of the other side, such as a load balancer; empty if unknown. */
  readonly peerAddress: string;
  /** Of the client: what is short is divided by it first. */
  readonly network: Who;
}
