/** How much the tests of this folder do. */
interface RestartForm {
  readonly phones: number;
  /** Of the gateway in one process. */
  readonly restarts: number;
  /** Of each of two processes of collection. */
  readonly rolls: number;
  /** How collection is told to move its clients, where not by default. */
  readonly moving: Readonly<Record<string, string>>;
}

/** The long form is that of `npm run test:faults`; `npm test` does the same in short. */
export const FORM: RestartForm = process.env.TEST_LONG
  ? { phones: 200, restarts: 10, rolls: 10, moving: {} }
  : { phones: 12, restarts: 2, rolls: 1, moving: { COLLECTION_DRAIN: '500ms' } };
