import { optionsOf } from '#services/standalone/commands/command.ts';
import { COMMANDS } from '#services/standalone/commands/commands.ts';

/** What completion knows of a command. */
interface Word {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly string[];
}

/** The commands, and their options as the help texts name them. */
async function words(): Promise<readonly Word[]> {
  return Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      const options = [...optionsOf(await load()), '--help'].sort();
      return { name, summary, options };
    }),
  );
}

/** Completion of commands and options for Bash. */
export async function bashCompletion(): Promise<string> {
  const known = await words();
  const names = [...known.map(({ name }) => name), 'help', '--version'];
  return `# Completion of awala-gateway for Bash, generated from its help texts.
_awala_gateway() {
  local word=\${COMP_WORDS[COMP_CWORD]} words=
  if [ "$COMP_CWORD" = 1 ]; then
    words='${names.join(' ')}'
  else
    case "\${COMP_WORDS[1]}" in
${known.map(({ name, options }) => `    ${name}) words='${options.join(' ')}' ;;`).join('\n')}
    help) words='${known.map(({ name }) => name).join(' ')}' ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _awala_gateway awala-gateway
`;
}

/** The same for Zsh, which also shows what commands do. */
export async function zshCompletion(): Promise<string> {
  const known = await words();
  const shown = known.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  return `#compdef awala-gateway
# Generated from the help texts of awala-gateway.
local -a commands options
if (( CURRENT == 2 )); then
  commands=(
${shown.join('\n')}
    'help:show the commands, or more about one'
  )
  _describe command commands
else
  case "$words[2]" in
${known.map(({ name, options }) => `  ${name}) options=(${options.join(' ')}) ;;`).join('\n')}
  esac
  compadd -a options || _files
fi
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
