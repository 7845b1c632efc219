import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePca } from '#awala/cargo/pca.ts';
import { OpenedGateway } from '#test/end-to-end/workers/opened-gateway.ts';
import { type AcceptedParcels, type CargoItem, collectionContents } from './collection-contents.ts';
import { CollectionProgress, START } from './collection-progress.ts';
import { CourierReach } from './courier-reach.ts';
import { FoundClasses } from './size-classes.ts';

const HOUR_MS = 3_600_000;

/** A gateway that accepted parcels from a phone, which comes for its acknowledgements. */
class Setting implements AsyncDisposable {
  readonly opened: OpenedGateway;
  readonly progress = new CollectionProgress();

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

  /** What there is to collect. */
  items(
    acceptedParcels: AcceptedParcels = this.opened.gateway.acceptedParcels,
  ): Promise<CargoItem[]> {
    const { opened, progress } = this;
    const { phone, gateway } = opened;
    const authorization = {
      peer: phone.nodeId,
      peerCertificate: phone.certificate,
      cargoDeliveryAuthorization: phone.certificate,
      rotationForms: [],
      ccaId: 'cca',
      expiresAt: phone.certificate.notAfter,
    };
    const parts = { ...opened, ...gateway, acceptedParcels };
    const { signal } = new AbortController();
    const courier = { fittingOctets: 4_000_000, takesOversize: true };
    const found = new FoundClasses();
    const request = { authorization, courier, progress, reach: new CourierReach(), found };
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
});
