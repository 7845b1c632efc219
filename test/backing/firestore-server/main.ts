import { startFirestoreServer } from './firestore-server.ts';

/** Serves until it is killed, on the port that is its argument. */
await startFirestoreServer(Number(process.argv[2]));
