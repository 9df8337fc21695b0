import { Argument, Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** One level of the command line: what may follow these words. */
interface Level {
  /** The command's words after `longshore`, such as `task create`; empty for the program itself. */
  readonly words: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly { readonly flag: string; readonly description: string }[];
}

function longOptions(command: Command): { flag: string; description: string }[] {
  const options = command.options.filter((option) => !option.hidden && option.long);
  return options.map((option) => ({ flag: option.long ?? '', description: option.description }));
}

function levelsOf(command: Command, words: string, inherited: Level['options']): Level[] {
  const commands = command.commands.map((child) => ({ name: child.name(), description: child.description() }));
  const level = { words, commands, options: [...longOptions(command), ...(words === '' ? [] : inherited)] };
  const below = command.commands.flatMap((child) =>
    levelsOf(child, words === '' ? child.name() : `${words} ${child.name()}`, inherited),
  );
  return [level, ...below];
}

/** A word within single quotes, for all three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function candidates(level: Level): string {
  return [...level.commands.map(({ name }) => name), ...level.options.map(({ flag }) => flag)].join(' ');
}

/** Finds the deepest level among the words typed so far, then offers what may follow it. Files where nothing fits. */
function bash(levels: readonly Level[]): string {
  const cases = levels.map((level) => `    ${quote(level.words)}) candidates=${quote(candidates(level))} ;;`);
  const known = levels.map(({ words }) => quote(words)).join('|');
  return `# bash completion for longshore: source <(longshore completion bash)
_longshore() {
  local level='' word candidates='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${level:+$level }\${COMP_WORDS[index]}"
    case "$word" in
    ${known}) level="$word" ;;
    esac
  done
  case "$level" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _longshore longshore
`;
}

function zsh(levels: readonly Level[]): string {
  const describe = (name: string, text: string) => quote(`${name.replaceAll(':', '\\:')}:${text}`);
  const cases = levels.map((level) => {
    const entries = [
      ...level.commands.map(({ name, description }) => describe(name, description)),
      ...level.options.map(({ flag, description }) => describe(flag, description)),
    ];
    return `    ${quote(level.words)}) candidates=(${entries.join(' ')}) ;;`;
  });
  const known = levels.map(({ words }) => quote(words)).join('|');
  return `#compdef longshore
# zsh completion for longshore: source <(longshore completion zsh)
_longshore() {
  local level='' word
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${level:+$level }$word" in
    ${known}) level="\${level:+$level }$word" ;;
    esac
  done
  case "$level" in
${cases.join('\n')}
  esac
  _describe longshore candidates || _files
}
compdef _longshore longshore
`;
}

function fish(levels: readonly Level[]): string {
  const lines = levels.flatMap((level) => {
    const condition = `-n ${quote(`__longshore_at ${quote(level.words)}`)}`;
    return [
      ...level.commands.map(
        ({ name, description }) => `complete -c longshore ${condition} -fa ${name} -d ${quote(description)}`,
      ),
      ...level.options.map(
        ({ flag, description }) => `complete -c longshore ${condition} -l ${flag.slice(2)} -d ${quote(description)}`,
      ),
    ];
  });
  const known = levels.map(({ words }) => quote(words)).join(' ');
  return `# fish completion for longshore: longshore completion fish | source
function __longshore_at
  set -l level ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$level $word")
    contains -- "$next" ${known}; and set level $next
  end
  test "$level" = "$argv[1]"
end
${lines.join('\n')}
`;
}

const WRITERS: Readonly<Record<Shell, (levels: readonly Level[]) => string>> = { bash, zsh, fish };

/** The completion script of a whole command line, as one text: at the prompt nothing of ours is started. */
export function completionScript(program: Command, shell: Shell): string {
  return WRITERS[shell](levelsOf(program, '', longOptions(program)));
}

/** @param program makes the whole command line, every command loaded */
export function completionCommand(program: () => Promise<Command>): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'which').choices([...SHELLS]))
    .addHelpText('after', '\nFor example, in ~/.bashrc:  source <(longshore completion bash)')
    .action(async (shell: Shell) => {
      process.stdout.write(completionScript(await program(), shell));
    });
}
