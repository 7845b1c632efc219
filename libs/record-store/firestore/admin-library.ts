/** As `client-library.ts`, for the administration of databases. */
export { FirestoreAdminClient } from '@google-cloud/firestore-api/admin_v1';
