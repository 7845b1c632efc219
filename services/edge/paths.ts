/**
 * Whether a request is for PoWeb, collection included, rather than for PoHTTP, which takes parcels
 * at any path.
 *
 * @param target - of a request line
 */
export function isForPhones(target: string): boolean {
  const [path = ''] = target.split('?', 1);
  return path.startsWith('/v1/') || path === '/connection-params.der';
}
