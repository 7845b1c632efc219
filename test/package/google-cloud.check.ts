import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { pingCommand } from '#services/standalone/commands/ping.ts';
import { freePort } from '#test/backing/free-ports.ts';
import {
  type CloudGateway,
  missingForServices,
  missingForSmallCloud,
  nameCloudGateway,
  nameSmallCloud,
} from '#test/services/cloud-gateway.ts';
import { ServiceProcess } from '#test/services/service-process.ts';
import { writeBundle } from '../../scripts/package/bundle.ts';
import { scratchFolder } from './built-packages.ts';

interface Form {
  readonly name: string;
  readonly missing: false | string;
  readonly choose: () => Promise<CloudGateway>;
}

const FORMS: readonly Form[] = [
  {
    name: 'Cloud Storage, Firestore and Cloud KMS',
    missing: await missingForSmallCloud(),
    choose: nameSmallCloud,
  },
  {
    name: 'the same and Redis',
    missing: await missingForServices(),
    choose: nameCloudGateway,
  },
];

/** The code of the packages: libraries load other parts of themselves in ways that bundling may break. */
describe('the bundled gateway', () => {
  const stack = new AsyncDisposableStack();
  let bundle = '';

  before(async () => {
    bundle = stack.use(await scratchFolder()).path;
    await writeBundle(bundle);
  });
  after(() => stack.disposeAsync());

  for (const { name, missing, choose } of FORMS) {
    it(`is set up and relays parcels on ${name}`, { skip: missing }, async () => {
      await using data = await scratchFolder();
      const [poweb, pohttp, cogrpc] = [await freePort(), await freePort(), await freePort()];
      const environment = {
        ...(await choose()).environment,
        LOG_LEVEL: 'warn',
        DATA_DIR: data.path,
        POWEB_PORT: `${poweb}`,
        POHTTP_PORT: `${pohttp}`,
        COGRPC_PORT: `${cogrpc}`,
      };
      for (const command of ['provision', 'keygen']) {
        const program = { folder: bundle, args: [command] };
        await using process = await ServiceProcess.start('standalone', environment, program);
        assert.equal(await process.exited, 0, process.output);
      }
      await using gateway = await ServiceProcess.startReady('standalone', environment, {
        folder: bundle,
      });
      const printed: string[] = [];
      const at = `127.0.0.1:${cogrpc}`;
      const args = [`http://127.0.0.1:${poweb}`, '--cogrpc', at];
      args.push('--pohttp', `http://127.0.0.1:${pohttp}`);
      const print = (line: string) => void printed.push(line);
      const code = await pingCommand.run({ args, environment, print, program: [] });
      assert.equal(code, 0, [...printed, gateway.output].join('\n'));
    });
  }
});
