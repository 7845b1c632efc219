import { listVariables } from '#runtime/configuration/configuration.ts';
import { STANDALONE_VARIABLES } from '../config.ts';
import { serve } from '../serve.ts';
import { type Command, noArguments } from './command.ts';

/** `awala-gateway serve`: runs the whole gateway in one process. */
export const serveCommand: Command = {
  get usage() {
    return `Usage: awala-gateway serve

Runs the whole gateway in this process, with its data in one folder. In a clone,
npm start does.

Environment variables:
${describeVariables()}`;
  },
  async run(context) {
    noArguments(context);
    const { environment, print } = context;
    serve(environment, print);
    return undefined;
  },
};

function describeVariables(): string {
  const variables = listVariables(STANDALONE_VARIABLES);
  const width = Math.max(...variables.map(({ name }) => name.length));
  return variables
    .map(({ name, meaning, defaultText, accepts }) => {
      const byDefault = defaultText && `default ${defaultText}`;
      const remarks = [byDefault, accepts].filter(Boolean).join(', ');
      return `  ${name.padEnd(width)}  ${meaning}${remarks === '' ? '' : ` (${remarks})`}`;
    })
    .join('\n');
}
