import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './command.ts';
import { readOptionFile } from './read-option-file.ts';

/**
 * Reads a command's arguments, as `parseArgs` of Node does, but complains in words that users know.
 *
 * @throws {UsageError} if they do not fit the options
 */
export function readArguments<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const fault = faultIn(config);
  if (fault !== null) {
    throw new UsageError(fault);
  }
  return parseArgs(config);
}

/** What `parseArgs` would refuse, in our words. */
function faultIn(config: ParseArgsConfig): string | null {
  const { tokens } = parseArgs({ ...config, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional' && !config.allowPositionals) {
      return `unexpected argument “${token.value}”`;
    }
    if (token.kind === 'option') {
      const { rawName, value, inlineValue } = token;
      const type = config.options?.[token.name]?.type;
      if (type === undefined) {
        return `there is no option ${rawName}`;
      }
      if (type === 'boolean' && value !== undefined) {
        return `${rawName} takes no value`;
      }
      if (type === 'string' && (value === undefined || (!inlineValue && /^-./.test(value)))) {
        return `${rawName} needs a value`;
      }
    }
  }
  return null;
}

/**
 * The URL that an option gives.
 *
 * @throws {UsageError} if it is none
 */
export function urlIn(option: string, text: string | undefined): URL | undefined {
  if (text === undefined) {
    return undefined;
  }
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${option} needs a URL that starts with https: or http:, not “${text}”`);
  }
  return url;
}

/**
 * The certificates in the file that an option names.
 *
 * @returns PEM
 * @throws {UsageError} if there are none
 */
export async function certificatesIn(option: string, path: string): Promise<string> {
  const text = await readOptionFile(option, path);
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`${option} ${path}: it holds no certificate in PEM`);
  }
  return text;
}
