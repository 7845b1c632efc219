import { systemClock } from '#clock/clock.ts';
import { listVariables } from '#runtime/configuration/configuration.ts';
import { runDoctor } from '../doctor/doctor.ts';
import { Examinations } from '../doctor/examinations.ts';
import { jsonReport, textReport } from '../doctor/report.ts';
import { superviseDoctor } from '../doctor/supervised.ts';
import { handling } from '../installation.ts';
import { LOOK_VARIABLES, readLookConfig } from '../look/look-variables.ts';
import { programRunner } from '../running/run-program.ts';
import type { Command } from './command.ts';
import { certificatesIn, readArguments, urlIn } from './option-values.ts';

/** `awala-gateway doctor`: finds what is wrong with a gateway. */
export const doctorCommand: Command = {
  get usage() {
    return `Usage: awala-gateway doctor [<option>…]

Examines what the gateway needs: clock, data folder, disk, database, keys,
certificates, backing services, ports, open files, and whether phones, couriers
and Internet apps find it by the DNS and reach it over TLS. Says what is wrong,
why that matters, and what to do. Changes nothing, and takes half a minute at
most, whether or not the gateway runs.

  --json            print a JSON object in each line: the names of the
                    examinations, the findings of each, and the number of faults
  --unbounded       take as long as it takes, as a large database may
  --resolver <URL>  ask this DNS-over-HTTPS resolver instead of the clients’
  --ca <file>       trust the certificates in this file (PEM) instead of the
                    public authorities

Exits with 0 if nothing is wrong, with 1 if something is to be fixed. Lines
that begin with ! are to be known, and do not count.

Reads the same variables as the services:
${listVariables(LOOK_VARIABLES)
  .map(({ name, meaning }) => `  ${name.padEnd(26)}${meaning}`)
  .join('\n')}`;
  },
  async run({ args, environment, print, program }) {
    const { values } = readArguments({ args: [...args], options: OPTIONS });
    const { json, unbounded, resolver, ca } = values;
    const config = readLookConfig(environment);
    const report = json ? jsonReport(print) : textReport(print);
    if (program && !unbounded) {
      const command = [...program, 'doctor', '--unbounded', '--json', ...args];
      return superviseDoctor({ command, clock: systemClock }, report);
    }
    const authorities = ca === undefined ? undefined : await certificatesIn('--ca', ca);
    await using examinations = new Examinations(config, {
      clock: systemClock,
      resolver: urlIn('--resolver', resolver),
      ca: authorities,
      environment,
      installed: handling(),
      run: programRunner(environment),
    });
    return await runDoctor(examinations.list(), report);
  },
};

const OPTIONS = {
  json: { type: 'boolean', default: false },
  unbounded: { type: 'boolean', default: false },
  resolver: { type: 'string' },
  ca: { type: 'string' },
} as const;
