import assert from 'node:assert/strict';
import {
  CertificateFiles,
  trustInThisProcess,
} from '#test/end-to-end/public-port/certificate-files.ts';
import { describeClientsOverTls } from './support/clients-over-tls.ts';
import { startGateway } from './support/running-gateway.ts';

describeClientsOverTls('of the gateway itself', {
  async start() {
    await using opened = new AsyncDisposableStack();
    const files = opened.use(await CertificateFiles.make());
    trustInThisProcess(files.authority);
    const { listening } = opened.use(await startGateway({}, files.environment));
    const closing = opened.move();
    return {
      port: listening.https ?? assert.fail(),
      root: files.authority.root,
      [Symbol.asyncDispose]: () => closing.disposeAsync(),
    };
  },
});
