import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { APP_ID, Phone } from '#test/peers/phone.ts';
import type { Begin, Target } from './attack.ts';

/** Each on a host of its own. */
export function silentName(index: number): string {
  return `silent-${index}.example`;
}

/** What begins the payload of parcels that the app is to answer with 429. */
export const LIMITED = 'limited';

async function postParcels(
  { ports, count }: Target,
  addressOf: (index: number) => string,
): Promise<void> {
  const phone = await Phone.register(ports.poweb, 'attacker');
  for (let index = 0; index < count; index++) {
    const recipient = { id: APP_ID, internetAddress: addressOf(index) };
    const payload = Buffer.from(LIMITED);
    await phone.deliver(await phone.parcelToInternet({ recipient, payload }));
  }
}

const silentNames: Begin = async (target) => {
  await postParcels(target, silentName);
  return { renew: async () => {} };
};

/** All to the one app that honest phones write to. */
const limitedSender: Begin = async (target) => {
  await postParcels(target, () => APP_ADDRESS);
  return { renew: async () => {} };
};

/** Attacks on the apps that parcels are posted to, by name. */
export const ON_APPS = {
  silentNames,
  limitedSender,
} as const satisfies Readonly<Record<string, Begin>>;
