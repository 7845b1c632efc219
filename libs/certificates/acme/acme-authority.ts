import type { Authorization, Order } from 'acme-client';
import { withDeadline } from '#bounds/deadline.ts';
import { type Clock, delay } from '#clock/clock.ts';
import { CertificateError } from '../port.ts';
import type { CertificateAuthority } from './authority.ts';
import { abortable, Client, crypto, timeAt } from './library.ts';
import {
  certificateError,
  errorOf,
  LostAnswerError,
  type Problem,
  unaskedError,
} from './problems.ts';

/** For a whole order, validation included. */
const ORDER_TIMEOUT_MS = 300_000;
/** For the answer with the time, to its end. */
const TIME_TIMEOUT_MS = 20_000;
/** Between questions whether the authority is done. */
const POLL_MS = 2_000;

type Issued = Awaited<ReturnType<CertificateAuthority['issue']>>;
type IssueOrder = Parameters<CertificateAuthority['issue']>[0];

/** How far an order has come. */
interface Progress {
  /** Whether the authority may have issued a certificate. */
  mayBeIssued: boolean;
}

/**
 * A certificate authority that speaks ACME, such as Let's Encrypt, by HTTP-01 (RFC 8555).
 *
 * An order that is ended by its signal, or takes too long, ends at once: its request is cut, its
 * answer to the challenge forgotten, and the authority is asked no more.
 */
export class AcmeAuthority implements CertificateAuthority {
  readonly #directory: string;
  readonly #email: string | null;
  readonly #clock: Clock;

  /** @param options.email - where the authority may write to, if it does */
  constructor(
    { directory, email }: { readonly directory: string; readonly email: string | null },
    clock: Clock,
  ) {
    this.#directory = directory;
    this.#email = email;
    this.#clock = clock;
  }

  async newAccountKey(): Promise<string> {
    return String(await crypto.createPrivateEcdsaKey());
  }

  time(signal: AbortSignal): Promise<number | null> {
    const deadline = {
      clock: this.#clock,
      timeoutMs: TIME_TIMEOUT_MS,
      signal,
      tooLate: () => new Error(`it did not tell the time within ${TIME_TIMEOUT_MS / 1_000} s`),
    };
    return withDeadline(deadline, (limited) => abortable(limited, () => timeAt(this.#directory)));
  }

  issue(order: IssueOrder): Promise<Issued> {
    const progress: Progress = { mayBeIssued: false };
    const deadline = {
      clock: this.#clock,
      timeoutMs: ORDER_TIMEOUT_MS,
      signal: order.signal,
      tooLate: () =>
        certificateError('authority-unavailable', 'the authority took too long', progress),
    };
    return withDeadline(deadline, (signal) =>
      abortable(signal, () => this.#issue({ ...order, signal }, progress)),
    );
  }

  async #issue(
    { name, accountKey, challenges, signal }: IssueOrder,
    progress: Progress,
  ): Promise<Issued> {
    try {
      const client = new Client({ directoryUrl: this.#directory, accountKey });
      await this.#signIn(client);
      const order = await client.createOrder({ identifiers: [{ type: 'dns', value: name }] });
      await this.#prove(client, order, { challenges, signal });
      const key = await crypto.createPrivateEcdsaKey();
      const [, request] = await crypto.createCsr({ commonName: name, altNames: [name] }, key);
      signal.throwIfAborted();
      progress.mayBeIssued = true;
      await refusing(progress, () => client.finalizeOrder(order, request));
      return {
        chain: await this.#certificateOf(client, order, { signal, progress }),
        key: String(key),
      };
    } catch (error) {
      throw asCertificateError(error, progress);
    }
  }

  /** The library updates an account that it did not expect to exist, which authorities may refuse. */
  async #signIn(client: Client): Promise<void> {
    const contact = this.#email === null ? null : { contact: [`mailto:${this.#email}`] };
    try {
      await client.createAccount({ onlyReturnExisting: true });
      await (contact && client.updateAccount(contact));
    } catch (error) {
      if (error instanceof CertificateError) {
        throw error;
      }
      await client.createAccount({ termsOfServiceAgreed: true, ...contact });
    }
  }

  async #prove(
    client: Client,
    order: Order,
    { challenges, signal }: Pick<IssueOrder, 'challenges' | 'signal'>,
  ): Promise<void> {
    const [authorization] = await client.getAuthorizations(order);
    if (authorization?.status === 'valid') {
      return;
    }
    const challenge = authorization?.challenges.find(({ type }) => type === 'http-01');
    if (!challenge) {
      throw certificateError('refused', 'the authority does not prove names by HTTP');
    }
    const answer = await client.getChallengeKeyAuthorization(challenge);
    challenges.answer(challenge.token, answer);
    try {
      await client.completeChallenge(challenge);
      await this.#untilProven(client, order, signal);
    } finally {
      challenges.forget(challenge.token);
    }
  }

  /** @throws {CertificateError} if the authority did not find the answer */
  async #untilProven(client: Client, order: Order, signal: AbortSignal): Promise<void> {
    for (;;) {
      const [authorization] = await client.getAuthorizations(order);
      if (authorization?.status === 'valid') {
        return;
      }
      if (authorization?.status !== 'pending') {
        throw errorOf(problemIn(authorization) ?? {});
      }
      await delay(this.#clock, POLL_MS, signal);
    }
  }

  async #certificateOf(
    client: Client,
    placed: Order,
    { signal, progress }: { readonly signal: AbortSignal; readonly progress: Progress },
  ): Promise<string> {
    for (;;) {
      const order = await client.getOrder(placed);
      if (order.status === 'valid') {
        return client.getCertificate(order);
      }
      if (order.status !== 'processing' && order.status !== 'ready') {
        progress.mayBeIssued = false;
        throw errorOf((order.error as Problem | undefined) ?? {});
      }
      // One that is ready waits to be finalised: the authority never heard of that.
      progress.mayBeIssued = order.status === 'processing';
      await delay(this.#clock, POLL_MS, signal);
    }
  }
}

function problemIn(authorization: Authorization | undefined): Problem | undefined {
  const challenges = (authorization?.challenges ?? []) as readonly { readonly error?: Problem }[];
  return challenges.find(({ error }) => error !== undefined)?.error;
}

/**
 * Asks for the certificate. An answer that is a refusal is one; no answer may be either. What became
 * of a lost one, the order itself tells.
 */
async function refusing(progress: Progress, finalize: () => Promise<unknown>): Promise<void> {
  try {
    await finalize();
  } catch (error) {
    if (error instanceof LostAnswerError) {
      return;
    }
    progress.mayBeIssued = !(error instanceof CertificateError);
    throw error;
  }
}

function asCertificateError(error: unknown, progress: Progress): CertificateError {
  if (error instanceof CertificateError) {
    const { reason, message, retryAfterMs } = error;
    return progress.mayBeIssued
      ? new CertificateError(reason, message, { retryAfterMs, ...progress, cause: error })
      : error;
  }
  return unaskedError(error, progress);
}
