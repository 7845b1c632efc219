import { open } from 'node:fs/promises';
import { devNull } from 'node:os';
import process from 'node:process';
import { systemClock } from '#clock/clock.ts';
import { PohttpClient } from '#gateway/internet-delivery/pohttp-client.ts';

/** A program that posts a parcel to a local port without a free file descriptor, and prints the answer. */
const port = Number(process.argv[2]);
const resolver = {
  targets: async () => [{ host: 'app.example', port }],
  addresses: async () => ['127.0.0.1'],
};
const client = new PohttpClient(
  { resolver, clock: systemClock },
  {
    useTls: false,
    permits: () => true,
    connectTimeoutMs: 5_000,
    totalTimeoutMs: 20_000,
    maxConnectionsPerHost: 1,
  },
);
const held = [];
try {
  for (;;) {
    held.push(await open(devNull));
  }
} catch {
  // None is left.
}
const parcel = Buffer.from('a parcel');
const { signal } = new AbortController();
const answer = await client.post({ internetAddress: 'app.example', parcel, attempt: 1, signal });
await Promise.all(held.map((file) => file.close()));
process.stdout.write(JSON.stringify(answer));
process.exit();
