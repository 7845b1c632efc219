import { startKmsServer } from './kms-server.ts';

/** Serves until it is killed, on the port that is its argument. */
await startKmsServer(Number(process.argv[2]));
