import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { SetupError } from './setup-error.ts';
import { Systemd } from './systemd.ts';

describe('the gateway as a unit of systemd', () => {
  let ran: string[];
  /** What each program answers, by the beginning of its command line. */
  let answers: Record<string, { readonly code?: number; readonly output?: string }>;
  let systemd: Systemd;

  beforeEach(() => {
    ran = [];
    answers = { 'systemctl is-active': { code: 3 } };
    systemd = new Systemd(async (program, args) => {
      const line = [program, ...args].join(' ');
      ran.push(line);
      const known = Object.keys(answers).find((start) => line.startsWith(start));
      return { code: 0, output: '', ...answers[known ?? ''] };
    });
  });

  const changes = () => ran.filter((line) => !line.includes('is-active'));

  it('is started now and whenever the machine starts, with the sockets that it needs', async () => {
    await systemd.start({ CERTIFICATES: 'acme' });
    assert.deepEqual(changes(), [
      'systemctl disable --now awala-gateway-poweb.socket',
      'systemctl enable --now awala-gateway-https.socket awala-gateway-http.socket awala-gateway.service',
    ]);
  });

  it('leaves the public ports to a proxy that ends TLS', async () => {
    await systemd.start({ CERTIFICATES: 'none' });
    assert.deepEqual(changes(), [
      'systemctl disable --now awala-gateway-https.socket awala-gateway-http.socket',
      'systemctl enable --now awala-gateway-poweb.socket awala-gateway.service',
    ]);
  });

  it('is restarted if it runs, so that it reads its configuration anew', async () => {
    answers['systemctl is-active'] = { code: 0 };
    await systemd.start({ CERTIFICATES: 'acme' });
    assert.equal(changes().at(-1), 'systemctl restart awala-gateway.service');
  });

  it('is stopped first if it listens on ports that a socket shall hold', async () => {
    answers = { 'systemctl is-active --quiet awala-gateway.service': { code: 0 }, ...answers };
    await systemd.start({ CERTIFICATES: 'acme' });
    assert.equal(changes().at(1), 'systemctl stop awala-gateway.service');
    assert.match(changes().at(-1) ?? '', /^systemctl enable --now /);
  });

  it('says what systemctl says if that fails', async () => {
    answers['systemctl enable'] = { code: 1, output: 'Unit awala-gateway.service is masked.\n' };
    await assert.rejects(systemd.start({}), (error) => {
      assert.ok(error instanceof SetupError);
      assert.match(
        error.message,
        /enable --now .* failed: Unit awala-gateway\.service is masked\.$/,
      );
      return true;
    });
  });

  it('is at fault when it failed, or ended again and again, with its last words', async () => {
    answers.journalctl = { output: 'LOG_LEVEL must be one of …\n' };
    const show = (output: string) => {
      answers['systemctl show'] = { output };
      return systemd.fault();
    };
    assert.equal(await show('ActiveState=active\nNRestarts=0\n'), null);
    assert.equal(await show('ActiveState=activating\nNRestarts=1\n'), null);
    assert.match(
      (await show('ActiveState=failed\nNRestarts=0\n')) ?? '',
      /it is failed\..*\nLOG_LEVEL/,
    );
    assert.match((await show('ActiveState=activating\nNRestarts=3\n')) ?? '', /it ended 3 times\./);
    assert.match((await show('')) ?? '', /it is not there\./);
  });

  it('shows of its last start alone what went wrong', async () => {
    answers['systemctl show'] = { output: 'ActiveState=failed\nNRestarts=5\nInvocationID=0a1b\n' };
    const words = [
      '[13:06:23.982] INFO: Listening {"server":"poweb"}',
      '[13:06:24.048] ERROR: Cannot start: /nonexistent is no ordinary file',
    ];
    answers.journalctl = { output: `${words.join('\n')}\n` };
    assert.equal(
      await systemd.fault(),
      `systemd says that it is failed. Its last words:\n${words[1]}`,
    );
    assert.equal(ran.at(-1), 'journalctl -n 12 -o cat _SYSTEMD_INVOCATION_ID=0a1b');
  });
});
