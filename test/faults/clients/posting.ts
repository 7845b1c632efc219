import { type Answer as HttpAnswer, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { type Phone, postingOf } from '#test/peers/phone.ts';
import type { Answer, Service } from '../answers.ts';
import type { Load } from './load.ts';
import type { LoadParcel } from './load-parcels.ts';
import { type Posting, SilenceError } from './patience.ts';

const OK = 200;
const ACCEPTED = 202;

/** A phone's request to deliver a parcel by PoWeb. */
export async function byPoweb(load: Load, phone: Phone, { octets }: LoadParcel): Promise<Posting> {
  const posting = await postingOf(octets, phone.phone);
  return { port: load.port('poweb'), path: '/v1/parcels', ...posting };
}

/** An Internet app's request to deliver a parcel by PoHTTP. */
export function byPohttp(load: Load, { octets }: LoadParcel): Posting {
  const headers = { 'content-type': PARCEL_TYPE };
  return { port: load.port('pohttp'), path: '/', headers, body: octets };
}

/** Posts a parcel until it is accepted, as clients do, or the load is over. */
export async function deliver(
  load: Load,
  service: Service,
  parcel: LoadParcel,
  posting: Posting,
): Promise<boolean> {
  load.ledger.offer(parcel.offer);
  const wasAccepted = await load.untilServed(async () => {
    load.ledger.attempt(parcel.offer.id);
    const answered = await post(load, service, posting);
    load.ledger.attempted(parcel.offer.id);
    return answered?.status === ACCEPTED;
  });
  if (wasAccepted) {
    load.ledger.accept(parcel.offer.id);
  }
  return wasAccepted;
}

/** @returns null if there was no answer */
export async function post(
  load: Load,
  service: Service,
  posting: Posting,
): Promise<HttpAnswer | null> {
  const askedAtMs = performance.now();
  try {
    const answered = await load.http.post(posting);
    load.answers.record(service, askedAtMs, answerOf(answered.status), `${answered.status}`);
    return answered;
  } catch (error) {
    const answer = error instanceof SilenceError ? 'silent' : 'cut';
    load.answers.record(service, askedAtMs, answer, String(error));
    return null;
  }
}

function answerOf(status: number): Answer {
  if (status === OK || status === ACCEPTED) {
    return 'served';
  }
  return status === 503 ? 'later' : 'blamed';
}
