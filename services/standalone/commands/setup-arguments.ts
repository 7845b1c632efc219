import { isIP } from 'node:net';
import { VariableFault } from '#runtime/configuration/variable.ts';
import { duration, integer, text } from '#runtime/configuration/variables.ts';
import { certificates } from '#services/edge/config.ts';
import { INSTALLED } from '../installed.ts';
import type { GivenAnswers } from '../setup/answers.ts';
import { isEmail } from '../setup/questions.ts';
import { CONTACT } from '../setup/setup-variables.ts';
import { UsageError } from './command.ts';
import { readArguments, urlIn } from './option-values.ts';

/** How long it waits for the DNS unless told otherwise. */
const HOUR_MS = 3_600_000;

/** What the command's arguments say. */
export interface SetupArguments {
  readonly given: GivenAnswers;
  readonly configFile: string;
  /** Whether to ask nothing. */
  readonly yes: boolean;
  readonly dnsPatienceMs: number;
  readonly needsProof: boolean;
  readonly foreground: boolean;
  readonly resolver: URL | undefined;
  /** A file. */
  readonly ca: string | undefined;
}

/** How each option's value is read; its name stands in complaints. */
const OPTIONS = {
  certificates: { ...certificates.choice, name: '--certificates' },
  port: integer('--port', { meaning: '', default: null, min: 1, max: 65_535 }),
  contact: text('--contact', { meaning: '', default: null, ...CONTACT }),
  wait: duration('--wait', { meaning: '', default: HOUR_MS, min: 0, max: 168 * HOUR_MS }),
};

/**
 * Reads the arguments of `setup`.
 *
 * @throws {UsageError}
 */
export function readSetupArguments(args: readonly string[]): SetupArguments {
  const { values, positionals } = parse(args);
  const [address, ...others] = positionals;
  if (others.length > 0) {
    throw new UsageError('setup takes one address');
  }
  const { email, certificates: source } = values;
  if (email !== undefined && email !== '' && !isEmail(email)) {
    throw new UsageError(`--email needs an e-mail address, not “${email}”`);
  }
  return {
    given: {
      address,
      ipAddresses: ipAddressesIn(values.address ?? []),
      email,
      certificates: source === undefined ? undefined : optionValue('certificates', source),
      dataFolder: values['data-dir'],
      port: optionValue('port', values.port) ?? undefined,
      page: values.page,
      contact: values.contact === '' ? '' : (optionValue('contact', values.contact) ?? undefined),
    },
    configFile: values.config,
    yes: values.yes,
    dnsPatienceMs: optionValue('wait', values.wait),
    needsProof: !values['without-dnssec'],
    foreground: values.foreground,
    resolver: urlIn('--resolver', values.resolver),
    ca: values.ca,
  };
}

function parse(args: readonly string[]) {
  return readArguments({
    args: [...args],
    options: {
      address: { type: 'string', multiple: true },
      email: { type: 'string' },
      certificates: { type: 'string' },
      config: { type: 'string', default: INSTALLED.settings },
      'data-dir': { type: 'string' },
      port: { type: 'string' },
      page: { type: 'string' },
      contact: { type: 'string' },
      wait: { type: 'string' },
      'without-dnssec': { type: 'boolean', default: false },
      foreground: { type: 'boolean', default: false },
      resolver: { type: 'string' },
      ca: { type: 'string' },
      yes: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
}

function ipAddressesIn(texts: readonly string[]): readonly string[] {
  const wrong = texts.find((text) => isIP(text) === 0);
  if (wrong !== undefined) {
    throw new UsageError(`--address needs an IP address, not “${wrong}”`);
  }
  return texts;
}

function optionValue<Name extends keyof typeof OPTIONS>(
  name: Name,
  text: string | undefined,
): ReturnType<(typeof OPTIONS)[Name]['read']> {
  try {
    return OPTIONS[name].read(text) as ReturnType<(typeof OPTIONS)[Name]['read']>;
  } catch (error) {
    throw error instanceof VariableFault
      ? new UsageError(`${OPTIONS[name].name} ${error.message}`)
      : error;
  }
}
