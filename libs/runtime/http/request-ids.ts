import { randomBytes } from 'node:crypto';

/** Ids that differ between processes too, and cost little. */
export function requestIds(): () => string {
  const processId = randomBytes(6).toString('base64url');
  let count = 0;
  return () => `${processId}-${(count++).toString(36)}`;
}
