/** Expiry of the keys that are written to test whether a server accepts writes. */
export const WRITTEN_FOR_MS = 60_000;

/** What a link to Redis reports to its owner. */
export interface LinkEvents {
  onMessage(channel: string, message: string): void;
  /** The link is up, for the first time or again; no subscription has survived. */
  onUp(): void;
  /** The link is down; it reconnects by itself. */
  onDown(reason: string): void;
}

/** Connections that subscribe, to a Redis server or cluster. */
export interface SubscriberLink {
  readonly isUp: boolean;
  /** Resolves once Redis has confirmed all of them. */
  subscribe(channels: readonly string[]): Promise<void>;
  unsubscribe(channel: string): void;
  /** Resolves if Redis answers on the subscribing connections. */
  ping(): Promise<void>;
  /** Drops the connections and connects again. */
  reconnect(): void;
  close(): void;
}

/** A connection that publishes; it reconnects by itself. */
export interface PublisherLink {
  /** Whether messages go out at once. */
  readonly isUp: boolean;
  /** Changes whenever the connection is a new one. */
  readonly connection: number;
  publish(channel: string, message: string): Promise<void>;
  /**
   * Resolves if the server accepts a write. A replica does not, and what is published to it reaches
   * only its own subscribers.
   */
  write(key: string): Promise<void>;
  close(): void;
}
