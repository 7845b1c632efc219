import { before, describe, it } from 'node:test';
import { ParcelRoad, refuses } from '#test/builders/parcel-road.ts';
import { CLOCK_DRIFT_TOLERANCE_MS } from './limits.ts';
import { MessageVerifier } from './message-verifier.ts';

const driftSeconds = CLOCK_DRIFT_TOLERANCE_MS / 1000;
let road: ParcelRoad;

before(async () => {
  road = await ParcelRoad.at(new Date('2026-03-01T12:00:00Z'));
});

describe('The dates of a parcel and its certificates', () => {
  it('allow a parcel dated in the future, up to the clock drift tolerated', () => {
    road.accept(road.parcel({ createdAt: road.secondsFromNow(driftSeconds) }));
    refuses('not-yet-valid', () =>
      road.accept(road.parcel({ createdAt: road.secondsFromNow(driftSeconds + 1) })),
    );
  });

  it('let a parcel live to its last second', () => {
    const octets = road.parcel({ createdAt: road.now, ttlSeconds: 60 });

    road.accept(octets, { at: road.secondsFromNow(60) });
    refuses('expired', () => road.accept(octets, { at: road.secondsFromNow(61) }));
  });

  it('allow a certificate that starts in the future, up to the clock drift tolerated', () => {
    const from = (seconds: number) =>
      road.parcel({
        createdAt: road.secondsFromNow(driftSeconds),
        sender: road.withCertificate(
          road.sender,
          { notBefore: road.secondsFromNow(seconds) },
          road.recipient,
        ),
      });

    road.accept(from(driftSeconds));
    refuses('not-yet-valid', () => road.accept(from(driftSeconds + 1)));
  });

  for (const who of ['sender', 'recipient', 'phone', 'us'] as const) {
    it(`refuse the parcel once the certificate of the ${who} has expired`, () => {
      const shortLived = { notAfter: road.secondsFromNow(60) };
      const isFor = (name: string) => (name === who ? shortLived : {});
      const ca = { isCa: true, pathLength: 2 };
      const self = road.withCertificate(road.us, { ...ca, ...isFor('us') }, road.us);
      const root = { ...self, issuers: [] };
      const middle = road.withCertificate(road.phone, { ...ca, ...isFor('phone') }, root);
      const end = road.withCertificate(road.recipient, { ...ca, ...isFor('recipient') }, middle);
      const octets = road.parcel({
        sender: road.withCertificate(road.sender, isFor('sender'), end),
      });
      const verifier = new MessageVerifier();
      const trusted = [root.certificate];

      road.accept(octets, { at: road.secondsFromNow(60), trusted, verifier });
      refuses('expired', () =>
        road.accept(octets, { at: road.secondsFromNow(61), trusted, verifier }),
      );
    });
  }

  it('refuse a parcel made before the certificate of its sender, beyond the drift tolerated', () => {
    const start = road.secondsFromNow(-60);
    const late = road.withCertificate(road.sender, { notBefore: start }, road.recipient);
    const madeBefore = (seconds: number) =>
      road.parcel({
        sender: late,
        createdAt: new Date(start.getTime() - seconds * 1000),
        ttlSeconds: 30_000,
      });

    road.accept(madeBefore(driftSeconds));
    refuses('certificate', () => road.accept(madeBefore(driftSeconds + 1)));
  });
});
