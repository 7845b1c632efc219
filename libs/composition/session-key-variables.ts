import { boolean } from '#runtime/configuration/variables.ts';

/** Whether messages for the session key of the connection parameters are read, by those who read any. */
export const acceptsPublishedKey = boolean('ACCEPT_PUBLISHED_SESSION_KEY', {
  meaning: 'whether cargo and CCAs for the session key in /connection-params.der are read',
  default: true,
});
