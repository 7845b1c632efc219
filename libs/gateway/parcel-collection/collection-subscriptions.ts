import type { NodeId } from '#awala/node-id.ts';
import type { Subscription } from '#signals/port.ts';
import type { ArrivalListener, Mailbox } from '../held/mailbox.ts';
import type { CollectionPatience } from './collection-patience.ts';

interface SubscriptionParts {
  readonly mailbox: Mailbox;
  readonly privateGateways: readonly NodeId[];
  readonly listener: ArrivalListener;
  readonly patience: CollectionPatience;
  readonly onFailure: (error: unknown) => void;
  /** No new subscription is requested once it is aborted. */
  readonly signal: AbortSignal;
}

/**
 * A collection's subscriptions to arrivals. A failed subscription is retried; meanwhile what is
 * held can be collected, and it is listed again once the subscription stands.
 */
export class CollectionSubscriptions {
  readonly #parts: SubscriptionParts;
  /** Nearly always one, for which a set would take much memory. */
  #open: Subscription[] = [];

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  /** Resolves once each subscription stands, or failed at the first attempt. Call it once. */
  async open(): Promise<void> {
    await Promise.all(
      this.#parts.privateGateways.map(async (privateGateway) => {
        try {
          await this.#subscribe(privateGateway);
        } catch (error) {
          void this.#subscribeLater(privateGateway, error);
        }
      }),
    );
  }

  close(): void {
    for (const subscription of this.#open) {
      subscription.close();
    }
    this.#open = [];
  }

  async #subscribe(privateGateway: NodeId): Promise<void> {
    const { mailbox, listener, signal } = this.#parts;
    // The pause before this may have ended together with the collection.
    signal.throwIfAborted();
    const subscription = mailbox.subscribe(privateGateway, listener);
    this.#open = [...this.#open, subscription];
    try {
      await subscription.ready;
    } catch (error) {
      subscription.close();
      this.#open = this.#open.filter((open) => open !== subscription);
      throw error;
    }
  }

  async #subscribeLater(privateGateway: NodeId, firstError: unknown): Promise<void> {
    const { patience, listener, onFailure, signal } = this.#parts;
    try {
      await patience.afterFailure('subscribe', firstError, 1);
      await patience.repeat('subscribe', () => this.#subscribe(privateGateway));
      listener.onInterrupted();
    } catch (error) {
      if (!signal.aborted) {
        onFailure(error);
      }
    }
  }
}
