import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { MOST_BACKUP_AGE_DAYS } from '#services/standalone/doctor/backup-findings.ts';
import { SCARCE_OCTETS } from '#services/standalone/doctor/disk-findings.ts';
import { LEAST_CERTIFICATE_DAYS } from '#services/standalone/doctor/published-findings.ts';
import { missingProgram } from '#test/backing/backing.ts';
import { type Found, obtainAmtool, obtainPromtool } from '#test/backing/programs.ts';
import { SHARED_RULES, sharedRules } from '../../scripts/monitoring.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/monitoring/', import.meta.url));
const BACKUPS_PAGE = fileURLToPath(new URL('../../docs/backups.md', import.meta.url));
const BACKUP_TIMER = fileURLToPath(
  new URL('../../scripts/package/files/awala-gateway-backup.timer', import.meta.url),
);

/** Of an index beside a cloud store, and of TLS in the process; both have tests of their own. */
const NOT_OF_PLAIN_GATEWAYS = [
  'awala_held_index_incomplete_parts',
  'awala_certificate_expiry_timestamp_seconds',
  'awala_certificate_failures',
];

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

const promtool = await obtainPromtool();
const amtool = await obtainAmtool();

async function check(program: Found, args: readonly string[]): Promise<void> {
  assert.ok('path' in program);
  await promisify(execFile)(program.path, [...args], { cwd: FOLDER });
}

async function rulesIn(file: string) {
  const { groups } = parse(await readFile(join(FOLDER, file), 'utf8')) as Rules;
  return groups.flatMap(({ rules }) => rules);
}

describe('deploy/monitoring', () => {
  it('has the rules of the chart (npx node scripts/monitoring.ts writes them)', async () => {
    assert.equal(await readFile(SHARED_RULES, 'utf8'), sharedRules());
  });

  it('is valid, and its alerts fire when they should only', {
    skip: missingProgram(promtool),
  }, async () => {
    await check(promtool, ['check', 'rules', 'rules.yml', 'machine-rules.yml']);
    await check(promtool, ['check', 'config', 'prometheus.yml']);
    await check(promtool, ['test', 'rules', 'rules.test.yml']);
  });

  it('sends mail', { skip: missingProgram(amtool) }, () =>
    check(amtool, ['check-config', 'alertmanager.yml']),
  );

  it('looks at metrics that a gateway on one machine has', async () => {
    await using folder = await dataFolder();
    await using gateway = await GatewayProcess.start(folder.path);
    const scrape = async () =>
      (await fetch(`http://127.0.0.1:${gateway.operations}/metrics`)).text();
    const types = (await scrape()).matchAll(/^# TYPE (\w+)/gm);
    const names = new Set(Array.from(types, ([, name]) => name ?? ''));
    const used = [...(await rulesIn('rules.yml')), ...(await rulesIn('machine-rules.yml'))]
      .flatMap(({ expr }) => expr.match(/\b(?:awala|nodejs|process)_\w+/g) ?? [])
      .map((name) => name.replace(/_(?:bucket|count|sum)$/, ''));
    assert.ok(used.length > 20);
    const unknown = used.filter((name) => !names.has(name));
    assert.deepEqual([...new Set(unknown)], NOT_OF_PLAIN_GATEWAYS);
    assert.match(await scrape(), /^awala_last_backup_timestamp_seconds(?:\{.*\})? 0$/m);
    const note = { at: '2026-01-01T00:00:00.000Z', to: '/mnt/backups' };
    await writeFile(join(folder.path, 'last-backup.json'), JSON.stringify(note));
    assert.match(await scrape(), /^awala_last_backup_timestamp_seconds(?:\{.*\})? 1767225600$/m);
  });

  it('alerts when the doctor has something to say', async () => {
    const rules = new Map(
      (await rulesIn('machine-rules.yml')).map(({ alert, expr }) => [alert, expr]),
    );
    const ends = {
      AwalaDiskNearlyFull: `< ${SCARCE_OCTETS}`,
      AwalaTlsCertificateExpires: `< ${LEAST_CERTIFICATE_DAYS} * 86400`,
      AwalaBackupOld: `> ${MOST_BACKUP_AGE_DAYS} * 86400`,
    };
    for (const [alert, end] of Object.entries(ends)) {
      assert.ok(rules.get(alert)?.trim().endsWith(` ${end}`), `${alert}: ${rules.get(alert)}`);
    }
    const old = `over ${MOST_BACKUP_AGE_DAYS} days`;
    for (const page of [join(FOLDER, 'README.md'), BACKUPS_PAGE]) {
      assert.ok((await readFile(page, 'utf8')).includes(old), `${page}: ${old}`);
    }
    assert.match(await readFile(BACKUP_TIMER, 'utf8'), /^OnCalendar=daily$/m);
    assert.equal(MOST_BACKUP_AGE_DAYS, 2, 'two of the timer’s intervals');
  });

  it('says of each alert of its own what to do', async () => {
    const page = await readFile(join(FOLDER, 'README.md'), 'utf8');
    for (const { alert } of await rulesIn('machine-rules.yml')) {
      assert.match(page, new RegExp(`^\\| \`${alert}\` \\| .+ \\| .+ \\|$`, 'm'));
    }
  });
});
