import type { Argument, Command, Option } from 'commander';
import { shownFormats } from '../flags/formats.js';

export type Shell = 'bash' | 'zsh' | 'fish';

/** What completes one word of the command line: some words, files, names that localrun lists, or nothing. */
type Slot = { words: readonly string[] } | 'file' | 'job' | 'execution' | 'anything';

interface Flag {
  long: string;
  short: string | undefined;
  description: string;
  /** What completes its value; undefined for a flag without one. */
  value: Slot | undefined;
}

/** A command as completion sees it. */
interface Node {
  /** The words after `localrun`, joined by spaces. */
  path: string;
  children: { name: string; description: string }[];
  flags: Flag[];
  /** What completes its arguments, if it has any. */
  argument: Slot | undefined;
}

/** The completion script of a shell, made from the command tree; it calls localrun only for names of resources. */
export function completionScript(program: Command, shell: Shell): string {
  return { bash, zsh, fish }[shell](collect(program, []));
}

function collect(command: Command, path: readonly string[]): Node[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  const [argument] = command.registeredArguments;
  return [
    {
      path: path.join(' '),
      children: children.map((child) => ({ name: child.name(), description: child.description() })),
      flags: help.visibleOptions(command).flatMap((option) => flagOf(option) ?? []),
      argument: argument && argumentSlot(argument),
    },
    ...children.flatMap((child) => collect(child, [...path, child.name()])),
  ];
}

function flagOf({ long, short, flags, description, required, optional, argChoices }: Option): Flag | undefined {
  if (!long) return undefined;
  const slot = argChoices ? { words: argChoices } : slotNamed(/[<[]([a-z]+)/.exec(flags)?.[1] ?? '');
  const value = required || optional ? slot : undefined;
  return { long, short, description, value };
}

const argumentSlot = (argument: Argument): Slot =>
  argument.argChoices ? { words: argument.argChoices } : slotNamed(argument.name());

/** A slot by its name in help, such as `<file>` or `[job]`. */
function slotNamed(name: string): Slot {
  if (name === 'format') return { words: shownFormats.map((format) => format.replace(/\(.*/, '')) };
  return name === 'file' || name === 'job' || name === 'execution' ? name : 'anything';
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const spell = (slot: Slot): string => (typeof slot === 'string' ? slot : slot.words.join(' '));

/** `case` lines of bash and zsh: the flags with a value, and the slot of that value. */
function flagCases(nodes: readonly Node[], indent: string): string {
  const spellings = new Map<string, Set<string>>();
  for (const { long, short, value } of nodes.flatMap(({ flags }) => flags)) {
    if (!value) continue;
    const same = spellings.get(spell(value)) ?? new Set();
    spellings.set(spell(value), same.add(long));
    if (short) same.add(short);
  }
  return [...spellings]
    .map(([slot, flags]) => `${indent}${[...flags].toSorted().join('|')}) slot=${quote(slot)} ;;`)
    .join('\n');
}

const knownPaths = (nodes: readonly Node[]): string =>
  nodes
    .slice(1)
    .map(({ path }) => quote(path))
    .join('|');

/** The lines that bash and zsh share: follows the words before the cursor to the command or the flag that the next one belongs to. */
const wordCases = (nodes: readonly Node[]): string => `    case $word in
${flagCases(nodes, '      ')}
      help) ;; # what follows completes as a command
      *)
        case \${at:+$at }$word in
          ${knownPaths(nodes)}) at=\${at:+$at }$word ;;
        esac
        ;;
    esac`;

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, children, flags, argument }) => {
    const place = children.length > 0 ? children.map(({ name }) => name).join(' ') : argument && spell(argument);
    const names = flags.map(({ long }) => long).join(' ');
    return `    ${quote(path)}) flags=${quote(names)}${place ? ` place=${quote(place)}` : ''} ;;`;
  });
  return `# bash completion for localrun, made by \`localrun completion bash\`
_localrun() {
  local current=\${COMP_WORDS[COMP_CWORD]} at='' flags='' place='' slot='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # \`--flag=value\` comes as three words.
    if [[ $word == = ]]; then continue; fi
    if [[ -n $slot ]]; then slot=''; continue; fi
${wordCases(nodes)}
  done
  if [[ $current == = ]]; then current=''; fi
  case $at in
${cases.join('\n')}
  esac
  if [[ -z $slot && $current == -* ]]; then slot=$flags; fi
  slot=\${slot:-\${place:-$flags}}
  case $slot in
    file) compopt -o default 2>/dev/null; slot='' ;;
    job|execution) slot=$(localrun __complete "$slot" 2>/dev/null) ;;
    anything) slot='' ;;
  esac
  COMPREPLY=($(compgen -W "$slot" -- "$current"))
}
complete -F _localrun localrun
`;
}

function zsh(nodes: readonly Node[]): string {
  const described = (name: string, description: string): string =>
    quote(`${name.replaceAll(':', '\\:')}:${description}`);
  const cases = nodes.map(({ path, children, flags, argument }) => {
    const flagItems = flags.map(({ long, description }) => described(long, description)).join(' ');
    const items = children.map(({ name, description }) => described(name, description)).join(' ');
    const place = items ? ` items=(${items})` : argument ? ` place=${quote(spell(argument))}` : '';
    return `    ${quote(path)}) flags=(${flagItems})${place} ;;`;
  });
  return `#compdef localrun
# zsh completion for localrun, made by \`localrun completion zsh\`
_localrun() {
  local at='' place='' slot='' word
  local -a flags items
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $slot ]]; then slot=''; continue; fi
${wordCases(nodes)}
  done
  case $at in
${cases.join('\n')}
  esac
  if [[ -z $slot && $PREFIX == --*=* ]]; then
    case \${PREFIX%%=*} in
${flagCases(nodes, '      ')}
    esac
    compset -P '*='
  elif [[ -z $slot && ( $PREFIX == -* || -z $place && $#items == 0 ) ]]; then
    _describe -o option flags
    return
  fi
  slot=\${slot:-$place}
  case $slot in
    '') _describe command items; return ;;
    file) _files; return ;;
    anything) return ;;
    job|execution) items=(\${(f)"$(localrun __complete $slot 2>/dev/null)"}) ;;
    *) items=(\${=slot}) ;;
  esac
  compadd -a items
}
if [[ $funcstack[1] == _localrun ]]; then _localrun "$@"; else
  if ! (( $+functions[compdef] )); then autoload -Uz compinit; compinit -i; fi
  compdef _localrun localrun
fi
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, children, flags, argument }) => {
    const at = `complete -c localrun -n ${quote(`__localrun_at ${quote(path).replaceAll("'", '"')}`)}`;
    return [
      ...children.map(({ name, description }) => `${at} -a ${quote(name)} -d ${quote(description)}`),
      ...(argument && argument !== 'anything' ? [`${at}${fishSlot(argument)}`] : []),
      ...flags.map(({ long, short, description, value }) => {
        const names = `${short ? ` -s ${short.slice(1)}` : ''} -l ${long.slice(2)}`;
        return `${at}${names}${value ? ` -r${fishSlot(value)}` : ''} -d ${quote(description)}`;
      }),
    ];
  });
  return `# fish completion for localrun, made by \`localrun completion fish\`
function __localrun_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    # What follows \`help\` completes as a command.
    if test $word = help
      continue
    end
    set -l longer (string trim -- "$at $word")
    switch $longer
      case ${nodes
        .slice(1)
        .map(({ path }) => quote(path))
        .join(' ')}
        set at $longer
    end
  end
  test "$at" = "$argv[1]"
end
complete -c localrun -f
${lines.join('\n')}
`;
}

function fishSlot(slot: Slot): string {
  if (slot === 'anything') return ' -f';
  if (slot === 'file') return ' -F';
  return ` -f -a ${quote(typeof slot === 'string' ? `(localrun __complete ${slot} 2>/dev/null)` : spell(slot))}`;
}
