import { boolean } from '#runtime/configuration/variables.ts';

/**
 * Whether services that read cargo or CCAs accept those for the session key of the connection
 * parameters.
 */
export const acceptsPublishedKey = boolean('ACCEPT_PUBLISHED_SESSION_KEY', {
  meaning: 'whether to accept cargo and CCAs for the session key in /connection-params.der',
  default: true,
});
