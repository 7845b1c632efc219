/** What is written to see whether it can be goes by itself. */
export const WRITTEN_FOR_MS = 60_000;

/** What a link to Redis tells whoever holds it. */
export interface LinkEvents {
  onMessage(channel: string, message: string): void;
  /** The link stands: for the first time, or again; of what it was subscribed to, nothing is left. */
  onUp(): void;
  /** The link is lost; it comes back by itself. */
  onDown(reason: string): void;
}

/** Subscriptions over connections to Redis, which is one server or a cluster. */
export interface SubscriberLink {
  readonly isUp: boolean;
  /** Resolves once Redis confirmed all of them. */
  subscribe(channels: readonly string[]): Promise<void>;
  unsubscribe(channel: string): void;
  /** Resolves if Redis answers on the subscriptions' connections. */
  ping(): Promise<void>;
  /** Drops the connections, to be had again. */
  reconnect(): void;
  close(): void;
}

/** A connection on which messages are published; it comes back by itself when it is lost. */
export interface PublisherLink {
  /** Changes whenever the connection is another one. */
  readonly connection: number;
  publish(channel: string, message: string): Promise<void>;
  /** Resolves if the server may be written to: what is published to a replica reaches nobody else. */
  write(key: string): Promise<void>;
  close(): void;
}
