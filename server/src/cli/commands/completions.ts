import { LanternError } from '../../../../shared/src/errors.js';
import { type Choices, type Command, commandOf, commands, shells } from '../commandTable.js';

/** What a shell may offer for a word. */
export interface Completion {
  readonly word: string;
  readonly about: string;
}

/** Stands for the folders that the shell finds itself. */
const folders: Completion = { word: ':folders', about: '' };

/**
 * What may stand in place of the last word, which may be empty. The words are those after `lantern`. The shells' scripts
 * ask with `lantern complete WORD…`, so that all of them offer the same.
 */
export async function completionsOf(words: readonly string[]): Promise<readonly Completion[]> {
  const last = words.at(-1) ?? '';
  const current = last === ':' ? '' : last;
  const { operands, pending } = read(words.slice(0, -1));
  const command = commandOf(operands);
  const offered =
    pending !== undefined
      ? await choicesOf(command?.options?.find(({ name }) => `--${name}` === pending)?.choices)
      : current.startsWith('-')
        ? optionsOf(command)
        : [...subcommands(operands), ...(await choicesOf(command?.choices))];
  return offered.filter((one) => one === folders || one.word.startsWith(current));
}

/** The lines that the scripts read: a word, a tab, and what it is. */
export async function completeCommand(
  words: readonly string[],
  print: (text: string) => void,
): Promise<number> {
  const found = await completionsOf(words);
  if (found.length > 0) print(found.map(({ word, about }) => `${word}\t${about}`).join('\n'));
  return 0;
}

/** `lantern completions SHELL`. */
export function completionsCommand(words: readonly string[], print: (text: string) => void): number {
  const shell = shells.find((one) => one === words[0]);
  if (shell === undefined)
    throw new LanternError('bad-request', `Name a shell: lantern completions ${shells.join('|')}`);
  print(scripts[shell]);
  return 0;
}

/** Tells operands from options and their values. `pending` is an option whose value comes next. */
function read(words: readonly string[]): { readonly operands: string[]; readonly pending?: string } {
  const operands: string[] = [];
  let pending: string | undefined;
  for (const word of words) {
    if (pending !== undefined) pending = undefined;
    else if (!word.startsWith('-')) operands.push(word);
    else if (takesValue(word)) pending = word;
  }
  return { operands, ...(pending !== undefined && { pending }) };
}

const takesValue = (word: string): boolean =>
  commands.some(({ options }) =>
    options?.some(({ name, value }) => value !== undefined && `--${name}` === word),
  );

/** The next words of the commands that begin with `operands`. */
function subcommands(operands: readonly string[]): Completion[] {
  const next = new Map<string, string>();
  for (const { name, about } of commands) {
    const parts = name.split(' ');
    const word = parts[operands.length];
    if (word === undefined || !operands.every((operand, at) => operand === parts[at])) continue;
    if (!next.has(word)) next.set(word, about);
  }
  return [...next].map(([word, about]) => ({ word, about }));
}

function optionsOf(command: Command | undefined): Completion[] {
  const options = (command?.options ?? []).map(({ name, about }) => ({ word: `--${name}`, about }));
  if (command?.json === true) options.push({ word: '--json', about: 'print the answer as JSON' });
  options.push({ word: '--help', about: 'say what it does' });
  if (command === undefined) options.push({ word: '--version', about: 'say the version' });
  return options;
}

async function choicesOf(choices: Choices | undefined): Promise<readonly Completion[]> {
  if (choices === undefined) return [];
  if (choices === 'folders') return [folders];
  if (choices !== 'agents') return choices.map((word) => ({ word, about: '' }));
  // Loaded only here, because few commands need it.
  const { agents } = await import('../../../../shared/src/agents/agentTable.js');
  return agents.map(({ id, title }) => ({ word: id, about: title }));
}

const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: `# In ~/.bashrc: source <(lantern completions bash)
_lantern() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :folders* ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "\${COMP_WORDS[COMP_CWORD]}")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <("\${COMP_WORDS[0]}" complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _lantern lantern`,
  zsh: `#compdef lantern
# In ~/.zshrc, after compinit: source <(lantern completions zsh)
_lantern() {
  local line
  local -a found
  for line in "\${(@f)$("\${words[1]}" complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :folders* ]]; then
      _files -/
    elif [[ -n $line ]]; then
      found+=("\${line%%$'\\t'*}:\${line#*$'\\t'}")
    fi
  done
  (( $#found )) && _describe lantern found
}
compdef _lantern lantern`,
  fish: `# To install: lantern completions fish > ~/.config/fish/completions/lantern.fish
function __lantern_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test -n "$current"; or set current ''
    for line in ($words[1] complete $words[2..-1] $current 2>/dev/null)
        if string match -q ':folders*' -- $line
            __fish_complete_directories $current
        else
            echo $line
        end
    end
end
complete -c lantern -f -a '(__lantern_complete)'`,
  // Windows PowerShell passes no empty argument to a program, so a colon stands for an empty word.
  powershell: `# In $PROFILE: lantern completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName lantern -ScriptBlock {
  param($word, $ast, $cursor)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $words += ':' }
  lantern complete @words 2>$null | ForEach-Object {
    $found, $about = $_ -split "\`t", 2
    if (-not $about) { $about = $found }
    if ($found -eq ':folders') {
      Get-ChildItem -Directory -Path "$word*" | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_.Name, $_.Name, 'ProviderContainer', $_.FullName)
      }
    } else {
      [System.Management.Automation.CompletionResult]::new($found, $found, 'ParameterValue', $about)
    }
  }
}`,
};
