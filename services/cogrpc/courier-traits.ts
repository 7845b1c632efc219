import type { Metadata } from '@grpc/grpc-js';

/** What a call tells about the courier's client. */
interface CourierTraits {
  /**
   * Whether it takes gRPC messages of more than 4 194 304 octets. grpc-java, which the Android
   * courier is built on, does not unless told so, and ends the call instead; the JavaScript client
   * takes 9 MiB. Of others that is not known.
   */
  readonly takesOversize: boolean;
}

export function courierTraits(metadata: Metadata): CourierTraits {
  const userAgent = String(metadata.get('user-agent')[0] ?? '');
  return { takesOversize: !userAgent.startsWith('grpc-java') };
}
