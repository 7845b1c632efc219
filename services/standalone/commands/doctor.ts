import { systemClock } from '#clock/clock.ts';
import { listVariables } from '#runtime/configuration/configuration.ts';
import { runDoctor } from '../doctor/doctor.ts';
import { DOCTOR_VARIABLES, readDoctorConfig } from '../doctor/doctor-variables.ts';
import { type Command, noArguments } from './command.ts';

/** `awala-gateway doctor`: finds what is wrong with a gateway's backing. */
export const doctorCommand: Command = {
  get usage() {
    return `Usage: awala-gateway doctor

Tries what the gateway needs of each configured backing service, checks the
clock, the identity and the ports, and says what is wrong and how to fix it.
Exits with 1 if anything is wrong. Leaves nothing changed.

Reads the same variables as the services:
${listVariables(DOCTOR_VARIABLES)
  .map(({ name, meaning }) => `  ${name.padEnd(26)}${meaning}`)
  .join('\n')}`;
  },
  async run(context) {
    noArguments(context);
    const { environment, print } = context;
    return runDoctor(readDoctorConfig(environment), { print, clock: systemClock });
  },
};
