/** A host as URLs have it: an IPv6 address in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** The inverse of {@link urlHost}. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
