import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePca } from '#awala/cargo/pca.ts';
import { type Peer, privateGateway } from '#test/builders/peers.ts';
import { OpenedGateway } from '#test/end-to-end/workers/opened-gateway.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import { type AcceptedParcels, type CargoItem, collectionContents } from './collection-contents.ts';
import {
  ACKNOWLEDGEMENTS,
  CollectionProgress,
  PARCELS,
  parcelSegment,
  rotationPlace,
  START,
} from './collection-progress.ts';
import { CourierReach } from './courier-reach.ts';
import { FoundClasses } from './size-classes.ts';

const HOUR_MS = 3_600_000;
const FORMS = ['octet-strings', 'certificates'] as const;

/** A gateway that accepted parcels from a phone, which comes for its acknowledgements. */
class Setting implements AsyncDisposable {
  readonly opened: OpenedGateway;
  readonly progress = new CollectionProgress();
  readonly reach = new CourierReach();
  readonly found = new FoundClasses();
  /** Why the clock may be wrong. */
  doubt: string | null = null;
  /** What differs from an authorization of the phone. */
  authorised: Partial<CargoAuthorization> = {};

  private constructor(opened: OpenedGateway) {
    this.opened = opened;
  }

  static async open(): Promise<Setting> {
    return new Setting(await OpenedGateway.open());
  }

  async accept(parcelId: string, lifeMs: number): Promise<void> {
    const { phone, clock, gateway } = this.opened;
    const expiresAt = new Date(clock.now().getTime() + lifeMs);
    const ids = { senderId: phone.nodeId, recipientId: 'app', parcelId };
    await gateway.acceptedParcels.record({
      ...ids,
      privateGateway: phone.nodeId,
      heldFor: null,
      expiresAt,
    });
  }

  /** A phone's certificate that is due for rotation. */
  async certificateToRotate(): Promise<Peer['certificate']> {
    const { us, validity, clock } = this.opened;
    const notAfter = new Date(clock.now().getTime() + 80 * 24 * HOUR_MS);
    return (await privateGateway('phone', us, { ...validity, notAfter })).certificate;
  }

  /** What there is to collect. */
  items(
    acceptedParcels: AcceptedParcels = this.opened.gateway.acceptedParcels,
  ): Promise<CargoItem[]> {
    const { opened, progress, reach, found, doubt } = this;
    const { phone, gateway } = opened;
    const authorization = {
      peer: phone.nodeId,
      peerCertificate: phone.certificate,
      cargoDeliveryAuthorization: phone.certificate,
      rotationForms: [],
      ccaId: 'cca',
      expiresAt: phone.certificate.notAfter,
      ...this.authorised,
    };
    const parts = { ...opened, ...gateway, acceptedParcels, plausibility: { doubt } };
    const { signal } = new AbortController();
    const courier = { fittingOctets: 4_000_000, takesOversize: true };
    const request = { authorization, courier, progress, reach, found };
    return Array.fromAsync(collectionContents(parts, request, signal));
  }

  /** The same where there are acknowledgements only, as the ids of the parcels that they are for. */
  async contents(): Promise<{ place: string; parcelId: string }[]> {
    const items = await this.items();
    return Promise.all(
      items.map(async ({ place, read }) => {
        const message = await read();
        assert.ok(message);
        return { place, parcelId: parsePca(message.octets).parcelId };
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.opened[Symbol.asyncDispose]();
  }
}

describe('What is left to collect under a CCA', () => {
  it('is the parcels first, as acknowledgements come again with each CCA, however many they are', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    for (let index = 0; index < 20; index++) {
      await setting.accept(`accepted ${index}`, HOUR_MS);
    }
    const { intake } = opened.gateway;
    const parcel = intake.read(await opened.gatewayBound());
    await intake.acceptFromInternet(parcel);
    const places = (await setting.items()).map(({ place }) => place);
    assert.equal(places.length, 21);
    assert.match(places[0] ?? '', new RegExp(`^2/0/.*${opened.phone.nodeId}`));
    assert.deepEqual([...places].sort(), places);
  });

  it('reads accepted parcels behind the acknowledgements that were collected', async () => {
    await using setting = await Setting.open();
    for (let index = 0; index < 20; index++) {
      await setting.accept(`accepted ${index}`, HOUR_MS);
    }
    const all = await setting.contents();
    setting.progress.add({ after: START, upTo: all.at(14)?.place ?? '' });
    const asked: unknown[] = [];
    const { acceptedParcels } = setting.opened.gateway;
    const left = await setting.items({
      list: (peer, options) => {
        asked.push(options?.startAfter);
        return acceptedParcels.list(peer, options);
      },
    });
    assert.deepEqual(asked, [all.at(14)?.place.replace('3/', '')]);
    assert.equal(left.length, 5);
  });

  it('is every acknowledgement that was not collected, also after some before them expired', async () => {
    await using setting = await Setting.open();
    for (let index = 0; index < 20; index++) {
      await setting.accept(`short ${index}`, HOUR_MS);
      await setting.accept(`long ${index}`, 3 * HOUR_MS);
    }
    const all = await setting.contents();
    assert.equal(all.length, 40);
    const collected = all.slice(0, 20);
    setting.progress.add({ after: START, upTo: collected.at(-1)?.place ?? '' });
    setting.opened.clock.advance(2 * HOUR_MS);
    const left = await setting.contents();
    const expected = all.slice(20).filter(({ parcelId }) => parcelId.startsWith('long'));
    assert.deepEqual(left, expected);
  });

  it('is nothing that was collected, also after parcels were accepted meanwhile', async () => {
    await using setting = await Setting.open();
    for (let index = 0; index < 20; index++) {
      await setting.accept(`old ${index}`, HOUR_MS);
    }
    const all = await setting.contents();
    setting.progress.add({ after: START, upTo: all.at(-1)?.place ?? '' });
    for (let index = 0; index < 20; index++) {
      await setting.accept(`new ${index}`, HOUR_MS);
    }
    const left = await setting.contents();
    assert.deepEqual(
      left.filter(({ parcelId }) => parcelId.startsWith('old')),
      [],
    );
  });

  it('is first a new certificate, in each form that the phone may read and was not sent', async () => {
    await using setting = await Setting.open();
    setting.authorised = {
      peerCertificate: await setting.certificateToRotate(),
      rotationForms: FORMS,
    };
    await setting.accept('accepted', HOUR_MS);
    const places = (await setting.items()).map(({ place }) => place);
    assert.deepEqual(places.slice(0, -1), FORMS.map(rotationPlace));
    const [first] = FORMS;
    setting.progress.add({ after: START, upTo: rotationPlace(first) });
    assert.deepEqual(
      (await setting.items()).map(({ place }) => place),
      places.slice(1),
    );
  });

  it('is no new certificate while the clock is in doubt, whose place stays uncovered', async () => {
    await using setting = await Setting.open();
    setting.authorised = {
      peerCertificate: await setting.certificateToRotate(),
      rotationForms: FORMS,
    };
    await setting.accept('one', HOUR_MS);
    await setting.accept('other', HOUR_MS);
    setting.doubt = 'a witness says otherwise';
    const items = await setting.items();
    assert.deepEqual(
      items.map(({ after }) => after),
      [PARCELS, undefined],
    );
    assert.ok(items.every(({ place }) => place.startsWith(ACKNOWLEDGEMENTS)));
  });

  it('lists no accepted parcels once all acknowledgements were collected', async () => {
    await using setting = await Setting.open();
    await setting.accept('accepted', HOUR_MS);
    const { acceptedParcels } = setting.opened.gateway;
    let listings = 0;
    const counted: AcceptedParcels = {
      list: (...given) => {
        listings += 1;
        return acceptedParcels.list(...given);
      },
    };
    assert.equal((await setting.items(counted)).length, 1);
    setting.progress.add({ after: START, upTo: '4/' });
    assert.deepEqual(await setting.items(counted), []);
    assert.equal(listings, 1);
  });

  it('skips an acknowledgement that was collected out of order', async () => {
    await using setting = await Setting.open();
    for (const parcelId of ['one', 'two', 'three']) {
      await setting.accept(parcelId, HOUR_MS);
    }
    const [first, second, third] = await setting.contents();
    setting.progress.add({ after: first?.place ?? '', upTo: second?.place ?? '' });
    assert.deepEqual(await setting.contents(), [first, third]);
  });

  it('is acknowledgements before parcels that had a call in vain, each starting a stretch', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const parcel = opened.gateway.intake.read(
      await opened.gatewayBound({ payload: new Uint8Array(100_000) }),
    );
    await opened.gateway.intake.acceptFromInternet(parcel);
    await setting.accept('accepted', HOUR_MS);
    const before = await setting.items();
    assert.deepEqual(
      before.map(({ place, after }) => [place.slice(0, 2), after]),
      [
        [PARCELS, undefined],
        [ACKNOWLEDGEMENTS, undefined],
      ],
    );
    setting.reach.failed(100_000);
    const [acknowledgement, doubtful, ...others] = await setting.items();
    assert.equal(acknowledgement?.after, ACKNOWLEDGEMENTS);
    assert.equal(acknowledgement.place, before[1]?.place);
    assert.equal(doubtful?.after, parcelSegment(2));
    assert.equal(doubtful.place, before[0]?.place);
    assert.deepEqual(others, []);
  });
});
