import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A command as completion sees it. */
interface Node {
  /** The words after `localrun`, joined by spaces. */
  path: string;
  children: { name: string; description: string }[];
  options: readonly Option[];
}

/** The completion script of a shell, static, made from the command tree. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = collect(program, []);
  return { bash, zsh, fish }[shell](nodes);
}

function collect(command: Command, path: readonly string[]): Node[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  return [
    {
      path: path.join(' '),
      children: children.map((child) => ({ name: child.name(), description: child.description() })),
      options: help.visibleOptions(command),
    },
    ...children.filter((child) => child.name() !== 'help').flatMap((child) => collect(child, [...path, child.name()])),
  ];
}

const words = ({ children, options }: Node): string =>
  [...children.map(({ name }) => name), ...options.flatMap(({ long }) => long ?? [])].join(' ');

/** Options whose value is a file. */
const takesFile = ({ long }: Option): boolean => long === '--file';
const takesValue = ({ required, optional }: Option): boolean => required || optional;
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Flags with a value, so that the value is not taken for a command. */
const valueFlags = (nodes: readonly Node[]): string =>
  [...new Set(nodes.flatMap(({ options }) => options.filter(takesValue)).flatMap(({ long, short }) => [long, short]))]
    .filter((flag) => flag !== undefined)
    .toSorted()
    .join('|');

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map((node) => `    ${quote(node.path)}) words=${quote(words(node))} ;;`);
  return `# bash completion for localrun; made by \`localrun completion bash\`
_localrun() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' skip='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      ${valueFlags(nodes)}) skip=1 ;;
      -*|=) ;;
      *) path="\${path:+$path }$word" ;;
    esac
  done
  COMPREPLY=()
  if [[ -n $skip && \${COMP_WORDS[COMP_CWORD-1]} != --file && \${COMP_WORDS[COMP_CWORD-1]} != -f ]]; then return; fi
  if [[ -n $skip ]]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
  while :; do
    case $path in
${cases.map((line) => `  ${line}`).join('\n')}
    esac
    [[ -z $words && $path == *' '* ]] || break
    path=\${path% *}
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _localrun localrun
`;
}

function zsh(nodes: readonly Node[]): string {
  const described = (name: string, description: string): string =>
    quote(`${name.replaceAll(':', '\\:')}:${description}`);
  const cases = nodes.map(({ path, children, options }) => {
    const items = [
      ...children.map(({ name, description }) => described(name, description)),
      ...options.flatMap(({ long, description }) => (long ? [described(long, description)] : [])),
    ];
    return `    ${quote(path)}) items=(${items.join(' ')}) ;;`;
  });
  return `#compdef localrun
# zsh completion for localrun; made by \`localrun completion zsh\`
_localrun() {
  local path='' skip='' word
  local -a items
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      ${valueFlags(nodes)}) skip=1 ;;
      -*) ;;
      *) path="\${path:+$path }$word" ;;
    esac
  done
  if [[ -n $skip && ( $words[CURRENT-1] == --file || $words[CURRENT-1] == -f ) ]]; then _files; return; fi
  if [[ -n $skip ]]; then return; fi
  while :; do
    case $path in
${cases.map((line) => `  ${line}`).join('\n')}
    esac
    [[ $#items == 0 && $path == *' '* ]] || break
    path=\${path% *}
  done
  _describe localrun items
}
if [[ $funcstack[1] == _localrun ]]; then _localrun "$@"; else compdef _localrun localrun; fi
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, children, options }) => {
    const condition = quote(`__localrun_at ${quote(path).replaceAll("'", '"')}`);
    return [
      ...children.map(
        ({ name, description }) => `complete -c localrun -n ${condition} -a ${quote(name)} -d ${quote(description)}`,
      ),
      ...options.map((option) => {
        const { long, short, description } = option;
        const names = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(' ');
        const value = takesFile(option) ? ' -r -F' : takesValue(option) ? ' -x' : '';
        return `complete -c localrun -n ${condition} ${names}${value} -d ${quote(description)}`;
      }),
    ];
  });
  const known = nodes.map(({ path }) => quote(path)).join(' ');
  return `# fish completion for localrun; made by \`localrun completion fish\`
function __localrun_at
  set -l known ${known}
  set -l path ''
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    switch $word
      case ${valueFlags(nodes).replaceAll('|', ' ')}
        set skip 1
      case '-*'
      case '*'
        set -l longer (string trim -- "$path $word")
        if contains -- $longer $known
          set path $longer
        end
    end
  end
  test "$path" = "$argv[1]"
end
complete -c localrun -f
${lines.join('\n')}
`;
}
