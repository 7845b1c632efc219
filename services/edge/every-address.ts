import { networkInterfaces } from 'node:os';

/** For IPv6 and IPv4, or for IPv4 alone where the machine has no other. */
export function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}
