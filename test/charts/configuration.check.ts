import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { listVariables, readConfiguration } from '#runtime/configuration/configuration.ts';
import { COMMAND_VARIABLES } from '#services/standalone/commands/command-variables.ts';
import { provisionCommand } from '#services/standalone/commands/provision.ts';
import { SERVICES } from '../../scripts/configuration/programs.ts';
import { at, isMap, Manifest as Part } from './manifests.ts';
import { EXTRA_VARIABLES } from './matrix.ts';
import { renderAll } from './renderings.ts';

/** The variables about what each command uses: there it must be where the services are. */
const COMMANDS: Readonly<Record<string, RegExp>> = {
  keygen: /^(?:INTERNET_ADDRESS|RECORD_STORE|FIRESTORE_\w+|KEY_VAULT|KMS_\w+|DATA_DIR)$/,
  rotate: /^(?:INTERNET_ADDRESS|RECORD_STORE|FIRESTORE_\w+|KEY_VAULT|KMS_\w+|DATA_DIR)$/,
  provision: /^(?:INTERNET_ADDRESS|OBJECT_STORE|GCS_\w+|RECORD_STORE|FIRESTORE_\w+)$/,
};

/** The environment of each container that runs our image, where it is ours to set. */
interface Program {
  readonly of: string;
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function listPrograms(): Promise<readonly Program[]> {
  return (await renderAll()).flatMap(({ name, manifests }) =>
    manifests.flatMap(({ pod }) =>
      (pod?.list('containers') ?? [])
        .map((each) => new Part(each))
        .filter((container) => container.text('image').includes('/awala-gateway@'))
        .map((container) => ({
          of: name,
          name: container.text('name'),
          environment: Object.fromEntries(
            container
              .list('env')
              .filter((each) => !EXTRA_VARIABLES.includes(String(each.name)))
              .map((each) => [
                String(each.name),
                // What a Secret holds is no text of the chart's.
                String(each.value ?? 'rediss://:password@10.0.0.3:6378'),
              ]),
          ),
        })),
    ),
  );
}

const programs = await listPrograms();

describe('the environment of a service', () => {
  for (const [service, variables] of Object.entries(SERVICES)) {
    const known = listVariables(variables).map(({ name }) => name);
    const mine = programs.filter(({ name }) => name === service);

    it(`${service}: only variables that it reads`, () => {
      assert.ok(mine.length > 10);
      for (const { of, environment } of mine) {
        const unknown = Object.keys(environment).filter((name) => !known.includes(name));
        assert.deepEqual(unknown, [], of);
      }
    });

    it(`${service}: all that it needs, with values that it takes`, () => {
      for (const { of, environment } of mine) {
        assert.doesNotThrow(() => readConfiguration(environment, variables), of);
      }
    });

    it(`${service}: settings of its own by name, which the schema lists`, async () => {
      const path = new URL('../../charts/awala-gateway/values.schema.json', import.meta.url);
      const settings = ['properties', 'services', 'properties', service, 'properties', 'settings'];
      const schema = at(JSON.parse(await readFile(path, 'utf8')), [...settings, 'properties']);
      const set = new Set(mine.flatMap(({ environment }) => Object.keys(environment)));
      const settable = isMap(schema) ? Object.keys(schema) : assert.fail(service);
      assert.deepEqual(
        settable.filter((name) => !known.includes(name)),
        [],
      );
      const unreachable = known.filter((name) => !set.has(name) && !settable.includes(name));
      assert.deepEqual(unreachable.toSorted(), expectedOutOfReach(known));
    });
  }

  it('is that of a command of the command line for each job', () => {
    const known = new Set(listVariables(COMMAND_VARIABLES).map(({ name }) => name));
    for (const name of Object.keys(COMMANDS)) {
      const mine = programs.filter((program) => program.name === name);
      assert.ok(mine.length > 0, name);
      for (const { of, environment } of mine) {
        const unknown = Object.keys(environment).filter(
          (each) =>
            !known.has(each) && !(name === 'provision' && provisionCommand.usage.includes(each)),
        );
        assert.deepEqual(unknown, [], `${of}: ${name}`);
        assert.doesNotThrow(() => readConfiguration(environment, COMMAND_VARIABLES), of);
      }
    }
  });
});

describe('a job', () => {
  for (const [command, needed] of Object.entries(COMMANDS)) {
    it(`${command}: works on what the services work on`, () => {
      const mine = programs.filter(({ name }) => name === command);
      assert.ok(mine.length > 0);
      for (const { of, environment } of mine) {
        const service = programs.find((each) => each.of === of && each.name === 'workers');
        const expected = Object.entries(service?.environment ?? {}).filter(([name]) =>
          needed.test(name),
        );
        assert.ok(expected.length >= 5, of);
        for (const [name, value] of expected) {
          assert.equal(environment[name], value, `${of}: ${name}`);
        }
      }
    });
  }
});

/** What the chart never sets: what developers need, the emulator of keys, and what the image itself says. */
function expectedOutOfReach(known: readonly string[]): readonly string[] {
  return ['DELIVERY_OVERRIDES', 'KMS_EMULATOR_HOST', 'REVISION'].filter((name) =>
    known.includes(name),
  );
}
