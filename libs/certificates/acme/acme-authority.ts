import type { Authorization, Order } from 'acme-client';
import { withDeadline } from '#bounds/deadline.ts';
import { type Clock, delay } from '#clock/clock.ts';
import { CertificateError } from '../port.ts';
import type { CertificateAuthority, Challenges } from './authority.ts';
import { Client, crypto } from './library.ts';
import { certificateError, errorOf, type Problem } from './problems.ts';

/** For a whole order, validation included. */
const ORDER_TIMEOUT_MS = 300_000;
/** Between questions whether the authority is done. */
const POLL_MS = 2_000;

type Issued = Awaited<ReturnType<CertificateAuthority['issue']>>;
type IssueOrder = Parameters<CertificateAuthority['issue']>[0];

/** A certificate authority that speaks ACME, such as Let's Encrypt, by HTTP-01 (RFC 8555). */
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

  issue(order: IssueOrder): Promise<Issued> {
    const deadline = {
      clock: this.#clock,
      timeoutMs: ORDER_TIMEOUT_MS,
      tooLate: () => certificateError('authority-unavailable', 'the authority took too long'),
    };
    return withDeadline(deadline, (signal) => this.#issue(order, signal));
  }

  async #issue({ name, accountKey, challenges }: IssueOrder, signal: AbortSignal): Promise<Issued> {
    try {
      await challenges.open();
      const client = new Client({ directoryUrl: this.#directory, accountKey });
      await this.#signIn(client);
      const order = await client.createOrder({ identifiers: [{ type: 'dns', value: name }] });
      await this.#prove(client, order, { challenges, signal });
      const key = await crypto.createPrivateEcdsaKey();
      const [, request] = await crypto.createCsr({ commonName: name, altNames: [name] }, key);
      await client.finalizeOrder(order, request);
      return { chain: await this.#certificateOf(client, order, signal), key: String(key) };
    } catch (error) {
      throw asCertificateError(error);
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
    { challenges, signal }: { readonly challenges: Challenges; readonly signal: AbortSignal },
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

  async #certificateOf(client: Client, placed: Order, signal: AbortSignal): Promise<string> {
    for (;;) {
      const order = await client.getOrder(placed);
      if (order.status === 'valid') {
        return client.getCertificate(order);
      }
      if (order.status !== 'processing' && order.status !== 'ready') {
        throw errorOf((order.error as Problem | undefined) ?? {});
      }
      await delay(this.#clock, POLL_MS, signal);
    }
  }
}

function problemIn(authorization: Authorization | undefined): Problem | undefined {
  const challenges = (authorization?.challenges ?? []) as readonly { readonly error?: Problem }[];
  return challenges.find(({ error }) => error !== undefined)?.error;
}

function asCertificateError(error: unknown): CertificateError {
  if (error instanceof CertificateError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  const happened = `the authority cannot be asked (${message})`;
  return certificateError('authority-unavailable', happened, { cause: error });
}
