import type { CargoPhone } from './phone.ts';

/** What is in cargoes that were collected for a phone. */
export function messagesOf(phone: CargoPhone, cargoes: readonly Uint8Array[]): Uint8Array[] {
  return cargoes.flatMap((cargo) => phone.open(cargo).messages);
}

export function base64(messages: readonly Uint8Array[]): string[] {
  return messages.map((message) => Buffer.from(message).toString('base64'));
}
