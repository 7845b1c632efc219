/** Lets every server of a process listen on a port that the system chooses. */
export const ANY_PORT = {
  POWEB_PORT: '0',
  POHTTP_PORT: '0',
  COGRPC_PORT: '0',
  COLLECTION_PORT: '0',
  COLLECTION_AGENT_PORT: '0',
  OPERATIONS_PORT: '0',
} as const;
