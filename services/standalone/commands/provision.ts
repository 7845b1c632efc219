import { MAX_LIFE_DAYS } from '#awala/limits.ts';
import type { ObjectStoreConfig } from '#composition/object-store.ts';
import type { RecordStoreConfig } from '#composition/record-store.ts';
import { RECORD_KINDS } from '#gateway/held/record-kinds.ts';
import { provisionBucket } from '#object-store/gcs/bucket.ts';
import { createTtlPolicies, ttlCommands } from '#record-store/firestore/ttl-policies.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { text } from '#runtime/configuration/variables.ts';
import { diagnose } from '../doctor/diagnosis.ts';
import { type Command, type CommandContext, noArguments } from './command.ts';
import { BACKING_HELP, COMMAND_VARIABLES } from './command-variables.ts';

/** What only `provision` reads. */
export const PROVISION_VARIABLES = {
  ...COMMAND_VARIABLES,
  project: text('GOOGLE_CLOUD_PROJECT', {
    meaning: 'the project of a new bucket',
    default: null,
  }),
  location: text('GCS_LOCATION', { meaning: 'the location of a new bucket', default: 'EU' }),
};

type Print = CommandContext['print'];

/** `awala-gateway provision`: sets up the bucket and Firestore's TTL policies. */
export const provisionCommand: Command = {
  usage: `Usage: awala-gateway provision

Creates the bucket if missing, in the project GOOGLE_CLOUD_PROJECT at
GCS_LOCATION (EU), and sets its lifecycle (expired objects are deleted, all
objects after ${MAX_LIFE_DAYS} days), uniform access, no soft deletion and no versions. Then
makes Firestore remove expired records; without that permission, it prints the
commands for someone who has it. Safe to repeat. awala-gateway keygen creates
the keys.

${BACKING_HELP}`,
  async run(context) {
    noArguments(context);
    const config = readConfiguration(context.environment, PROVISION_VARIABLES);
    const isBucketFine = await provisionObjects(config.objectStore, config, context.print);
    const areRecordsFine = await provisionRecords(config.recordStore, context.print);
    return isBucketFine && areRecordsFine ? 0 : 1;
  },
};

async function provisionObjects(
  config: ObjectStoreConfig,
  { project, location }: { readonly project: string | null; readonly location: string },
  print: Print,
): Promise<boolean> {
  if (config.kind !== 'gcs') {
    print('objects: the filesystem needs nothing');
    return true;
  }
  try {
    await provisionBucket({
      ...config,
      project: project ?? '',
      location,
      maxAgeDays: MAX_LIFE_DAYS,
    });
    print(`objects: the bucket ${config.bucket} is set up`);
    return true;
  } catch (error) {
    const { detail } = diagnose(error);
    print(`objects: the bucket ${config.bucket} could not be set up: ${detail}`);
    print('This needs the role Storage Admin; a new bucket also needs GOOGLE_CLOUD_PROJECT.');
    return false;
  }
}

async function provisionRecords(config: RecordStoreConfig, print: Print): Promise<boolean> {
  if (config.kind !== 'firestore') {
    print('records: SQLite needs nothing');
    return true;
  }
  if (config.emulatorAddress !== null) {
    print('records: the Firestore emulator needs nothing, as it never removes expired records');
    return true;
  }
  try {
    await createTtlPolicies(config, RECORD_KINDS);
    print('records: Firestore removes expired records, starting within hours');
    return true;
  } catch (error) {
    print(
      `records: Firestore could not be set to remove expired records: ${diagnose(error).detail}`,
    );
    print('This needs the role Cloud Datastore Index Admin, whose holder can run:');
    for (const command of ttlCommands(config, RECORD_KINDS)) {
      print(`  ${command}`);
    }
    return false;
  }
}
