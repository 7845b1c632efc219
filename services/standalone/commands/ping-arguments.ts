import { typedInternetAddress } from '#awala/internet-address.ts';
import type { ReceiverTarget } from '../ping/receiver.ts';
import { UsageError } from './command.ts';
import { certificatesIn, readArguments, urlIn } from './option-values.ts';
import { readOptionFile } from './read-option-file.ts';

/** What the command's arguments say. */
export interface PingArguments {
  /** What to ping; undefined for the gateway on this machine. */
  readonly target: string | undefined;
  /** Host and port of CogRPC. */
  readonly cogrpc: string | undefined;
  readonly pohttp: URL | undefined;
  readonly without: readonly ('couriers' | 'apps')[];
  readonly receiver: ReceiverTarget | null;
  /** In PEM. */
  readonly ca: string | undefined;
  /** The DNS-over-HTTPS resolver to ask instead of those that clients ask. */
  readonly resolver: URL | undefined;
}

/**
 * Reads the arguments of `ping`, and the files that they name.
 *
 * @throws {UsageError}
 */
export async function readPingArguments(args: readonly string[]): Promise<PingArguments> {
  const { values, positionals } = parse(args);
  const [target, ...others] = positionals;
  if (others.length > 0) {
    throw new UsageError('ping takes one address or URL');
  }
  if (values.cogrpc !== undefined && !/^\S+:\d{1,5}$/.test(values.cogrpc)) {
    throw new UsageError(`“${values.cogrpc}” is not a host and a port`);
  }
  return {
    target,
    cogrpc: values.cogrpc,
    pohttp: urlIn('--pohttp', values.pohttp),
    without: [
      ...(values['no-cargo'] ? (['couriers'] as const) : []),
      ...(values['no-pohttp'] ? (['apps'] as const) : []),
    ],
    receiver: await receiverIn(values),
    ca: values.ca === undefined ? undefined : await certificatesIn('--ca', values.ca),
    resolver: urlIn('--resolver', values.resolver),
  };
}

function parse(args: readonly string[]) {
  return readArguments({
    args: [...args],
    options: {
      cogrpc: { type: 'string' },
      pohttp: { type: 'string' },
      'no-cargo': { type: 'boolean', default: false },
      'no-pohttp': { type: 'boolean', default: false },
      receiver: { type: 'string' },
      'receiver-cert': { type: 'string' },
      'receiver-key': { type: 'string' },
      ca: { type: 'string' },
      resolver: { type: 'string' },
    },
    allowPositionals: true,
  });
}

async function receiverIn(
  values: ReturnType<typeof parse>['values'],
): Promise<ReceiverTarget | null> {
  const { receiver, 'receiver-cert': certFile, 'receiver-key': keyFile } = values;
  if (receiver === undefined) {
    return null;
  }
  const [name = '', ...rest] = receiver.split('=');
  const internetAddress = typedInternetAddress(name);
  const at = urlIn('--receiver', rest.join('='));
  if (internetAddress === null || !at) {
    throw new UsageError(
      `“${receiver}” is not an address and where to listen for it, such as app.localhost=http://127.0.0.1:9000`,
    );
  }
  if (at.protocol === 'http:') {
    return { internetAddress, at, identity: null };
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new UsageError('a receiver at https: needs --receiver-cert and --receiver-key');
  }
  const cert = await certificatesIn('--receiver-cert', certFile);
  const key = await readOptionFile('--receiver-key', keyFile);
  return { internetAddress, at, identity: { cert, key } };
}
