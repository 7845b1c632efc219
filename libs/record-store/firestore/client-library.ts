/**
 * The client library, loaded with this file by whoever needs it. Only a static import finds the
 * names in a CommonJS package once that is bundled.
 */
export { Firestore, Timestamp } from '@google-cloud/firestore';
