/** How the definitions of languages without a grammar look: by the line with which they begin. */

/** Where a definition ends. */
export type End =
  /** With its bracket; without one, with its line. */
  | { readonly kind: 'brackets' }
  /** With the first semicolon outside brackets, or the `END` of its block. */
  | { readonly kind: 'statement' }
  /** Before the next line that is indented no more, or with that line when it only closes. */
  | { readonly kind: 'indentation' }
  /** With the first line like this. */
  | { readonly kind: 'line'; readonly like: RegExp }
  /** Before the next line like this. */
  | { readonly kind: 'before'; readonly like: RegExp };

/** `begin` matches a line from its start, and has the group `name`. */
export interface LineRule {
  readonly kind: string;
  readonly begin: RegExp;
  readonly end: End;
}

export interface LineLanguage {
  readonly rules: readonly LineRule[];
  /** A line that is a comment. */
  readonly comment: RegExp;
  readonly block?: readonly [begin: RegExp, end: RegExp];
}

const brackets: End = { kind: 'brackets' };
const statement: End = { kind: 'statement' };
const indentation: End = { kind: 'indentation' };
const until = (like: RegExp): End => ({ kind: 'line', like });
const rule = (kind: string, begin: RegExp, end: End): LineRule => ({ kind, begin, end });

const slashes = /^\s*\/\//;
const hash = /^\s*#/;
const slashBlock = [/^\s*\/\*/, /\*\//] as const;

/** A name in SQL, perhaps quoted and in a schema. */
const sqlName = String.raw`(?:if\s+not\s+exists\s+)?(?:[\w$"\x60\[\].]+\.)?["\x60\[]?(?<name>[\w$]+)["\x60\]]?`;
const sqlModifier =
  'temp|temporary|unlogged|external|foreign|global|local|materialized|recursive|unique|clustered|nonclustered|constraint|virtual';
const create = (what: string): RegExp =>
  new RegExp(
    String.raw`^\s*create\s+(?:or\s+(?:replace|alter)\s+)?(?:definer\s*=\s*\S+\s+)?(?:(?:${sqlModifier})\s+)*${what}\s+${sqlName}`,
    'i',
  );

const sql: LineLanguage = {
  comment: /^\s*--/,
  block: slashBlock,
  rules: [
    rule('table', create('table'), statement),
    rule('view', create('view'), statement),
    rule('function', create('(?:function|procedure|aggregate)'), statement),
    rule('trigger', create('trigger'), statement),
    rule('index', create('index(?:\\s+concurrently)?'), statement),
    rule('type', create('(?:type|domain)'), statement),
    rule('policy', create('policy'), statement),
  ],
};

const graphql: LineLanguage = {
  comment: hash,
  block: [/^\s*"""/, /"""\s*$/],
  rules: [
    rule('type', /^(?:extend\s+)?(?:type|input|union|scalar)\s+(?<name>\w+)/, brackets),
    rule('interface', /^(?:extend\s+)?interface\s+(?<name>\w+)/, brackets),
    rule('enum', /^(?:extend\s+)?enum\s+(?<name>\w+)/, brackets),
    rule('directive', /^directive\s+@(?<name>\w+)/, brackets),
    rule('function', /^(?:query|mutation|subscription|fragment)\s+(?<name>\w+)/, brackets),
    rule('property', /^[ \t]+(?<name>\w+)\s*(?:\([^)]*\))?\s*:\s*[\w[]/, brackets),
  ],
};

const proto: LineLanguage = {
  comment: slashes,
  block: slashBlock,
  rules: [
    rule('struct', /^\s*message\s+(?<name>\w+)/, brackets),
    rule('enum', /^\s*enum\s+(?<name>\w+)/, brackets),
    rule('interface', /^\s*service\s+(?<name>\w+)/, brackets),
    rule('function', /^\s*rpc\s+(?<name>\w+)/, brackets),
    rule('type', /^\s*extend\s+(?<name>[\w.]+)/, brackets),
  ],
};

const prisma: LineLanguage = {
  comment: slashes,
  rules: [
    rule('struct', /^\s*(?:model|type|view)\s+(?<name>\w+)/, brackets),
    rule('enum', /^\s*enum\s+(?<name>\w+)/, brackets),
    rule('constant', /^\s*(?:datasource|generator)\s+(?<name>\w+)/, brackets),
  ],
};

const dockerfile: LineLanguage = {
  comment: hash,
  rules: [
    rule('stage', /^\s*from\s+(?:--\S+\s+)*\S+\s+as\s+(?<name>[\w.-]+)/i, {
      kind: 'before',
      like: /^\s*from\s/i,
    }),
  ],
};

const make: LineLanguage = {
  comment: hash,
  rules: [
    rule('macro', /^define\s+(?<name>[\w.-]+)/, until(/^endef\b/)),
    rule('constant', /^(?:export\s+|override\s+)?(?<name>[\w.-]+)\s*(?:::?:?|\?|\+|!)?=/, indentation),
    rule('target', /^(?<name>[\w./%$(){}-]+(?:\s+[\w./%$(){}-]+)*)\s*::?(?!=)/, indentation),
  ],
};

const cmake: LineLanguage = {
  comment: hash,
  rules: [
    rule('function', /^\s*function\s*\(\s*(?<name>\w+)/i, until(/^\s*endfunction\b/i)),
    rule('function', /^\s*macro\s*\(\s*(?<name>\w+)/i, until(/^\s*endmacro\b/i)),
    rule(
      'target',
      /^\s*add_(?:executable|library|custom_target|test)\s*\(\s*(?:NAME\s+)?(?<name>[\w:${}.-]+)/i,
      brackets,
    ),
    rule('constant', /^\s*(?:option|project)\s*\(\s*(?<name>[\w-]+)/i, brackets),
  ],
};

const powershell: LineLanguage = {
  comment: hash,
  block: [/^\s*<#/, /#>/],
  rules: [
    rule(
      'function',
      /^\s*(?:function|filter|workflow)\s+(?:(?:global|script|local|private):)?(?<name>[\w-]+)/i,
      brackets,
    ),
    rule('class', /^\s*class\s+(?<name>\w+)/i, brackets),
    rule('enum', /^\s*enum\s+(?<name>\w+)/i, brackets),
    rule(
      'function',
      /^\s+(?:(?:static|hidden)\s+)*(?:\[[\w.[\]]+\]\s*)?(?!(?:if|switch|while|for|foreach|elseif|catch|param|until)\b)(?<name>[A-Za-z]\w*)\s*\([^)]*\)\s*(?::\s*base\s*\([^)]*\)\s*)?\{/i,
      brackets,
    ),
  ],
};

const groovy: LineLanguage = {
  comment: slashes,
  block: slashBlock,
  rules: [
    rule(
      'class',
      /^\s*(?:(?:public|private|protected|static|abstract|final)\s+)*(?:class|trait)\s+(?<name>\w+)/,
      brackets,
    ),
    rule('interface', /^\s*(?:(?:public|private|protected)\s+)*@?interface\s+(?<name>\w+)/, brackets),
    rule('enum', /^\s*(?:(?:public|private|protected)\s+)*enum\s+(?<name>\w+)/, brackets),
    rule(
      'function',
      /^\s*(?:(?:public|private|protected|static|final|synchronized)\s+)*def\s+(?:\w+\s+)?(?<name>\w+)\s*\(/,
      brackets,
    ),
    rule(
      'function',
      /^\s*(?:(?:public|private|protected|static|final|synchronized)\s+)+[\w<>[\], ?.]+\s+(?<name>\w+)\s*\([^;]*$/,
      brackets,
    ),
    rule(
      'function',
      /^\s*(?:void|boolean|byte|char|short|int|long|float|double|[A-Z][\w.]*)(?:<[^>]*>)?(?:\[\])?\s+(?<name>\w+)\s*\([^;]*\)\s*\{/,
      brackets,
    ),
    rule('constant', /^\s*@Field\s+(?:final\s+)?(?:[\w<>,.[\]]+\s+)?(?<name>\w+)\s*=/, brackets),
    rule('target', /^\s*(?:task\s+|tasks\.register\(\s*['"])(?<name>\w+)/, brackets),
  ],
};

const erlang: LineLanguage = {
  comment: /^\s*%/,
  rules: [
    rule('type', /^-(?:type|opaque)\s+(?<name>\w+)/, until(/\.\s*(?:%.*)?$/)),
    rule('struct', /^-record\(\s*(?<name>\w+)/, until(/\.\s*(?:%.*)?$/)),
    rule('constant', /^-define\(\s*(?<name>\w+)/, until(/\.\s*(?:%.*)?$/)),
    rule('interface', /^-callback\s+(?<name>\w+)/, until(/\.\s*(?:%.*)?$/)),
    rule('module', /^-module\(\s*(?<name>\w+)/, until(/\.\s*(?:%.*)?$/)),
    rule('function', /^(?<name>[a-z]\w*)\s*\(/, until(/\.\s*(?:%.*)?$/)),
  ],
};

/** For interfaces. Other files have a grammar. */
const ocaml: LineLanguage = {
  comment: /^(?!)/,
  block: [/^\s*\(\*(?!\))/, /\*\)/],
  rules: [
    rule('function', /^\s*(?:val|external)\s+(?:\(\s*)?(?<name>[\w'+*/<>=|&@^!-]+)/, indentation),
    rule(
      'type',
      /^\s*(?:type|and)\s+(?:nonrec\s+)?(?:private\s+)?(?:(?:[+-]?'\w+|\([^)]*\)|_)\s+)?(?<name>[a-z_][\w']*)/,
      indentation,
    ),
    rule('type', /^\s*exception\s+(?<name>\w+)/, indentation),
    rule('interface', /^\s*module\s+type\s+(?<name>\w+)/, indentation),
    rule('module', /^\s*module\s+(?:rec\s+)?(?<name>\w+)/, indentation),
    rule('class', /^\s*class\s+(?:type\s+|virtual\s+)*(?<name>\w+)/, indentation),
  ],
};

const fsharp: LineLanguage = {
  comment: slashes,
  block: [/^\s*\(\*(?!\))/, /\*\)/],
  rules: [
    rule(
      'scope',
      /^\s*(?:module|namespace)\s+(?:rec\s+|internal\s+|private\s+|public\s+)?(?<name>[\w.]+)\s*=/,
      indentation,
    ),
    rule('type', /^\s*(?:type|and)\s+(?:(?:private|internal|public)\s+)?(?<name>[A-Z]\w*)/, indentation),
    rule(
      'function',
      /^\s*(?:let|and)\s+(?:(?:rec|inline|private|internal|mutable)\s+)*(?:``)?(?<name>[\w']+(?: [^`]*(?=``))?)(?:``)?\s+(?!=)[\w('_{[]/,
      indentation,
    ),
    rule(
      'constant',
      /^(?:let|and)\s+(?:(?:rec|inline|private|internal|mutable)\s+)*(?<name>\w+)\s*(?::[^=]+)?=/,
      indentation,
    ),
    rule(
      'function',
      /^\s*(?:static\s+|abstract\s+)?(?:member|override|default|abstract)\s+(?:(?:inline|private|internal|val)\s+)*(?:\w+\.)?(?<name>\w+)/,
      indentation,
    ),
  ],
};

const crystal: LineLanguage = {
  comment: hash,
  rules: [
    rule('class', /^\s*(?:(?:abstract|private)\s+)*(?:class|struct)\s+(?<name>[\w:]+)/, indentation),
    rule('scope', /^\s*(?:private\s+)?(?:module|lib)\s+(?<name>[\w:]+)/, indentation),
    rule('enum', /^\s*(?:private\s+)?enum\s+(?<name>[\w:]+)/, indentation),
    rule('macro', /^\s*(?:private\s+)?macro\s+(?<name>\w+)/, indentation),
    rule(
      'function',
      /^\s*(?:(?:private|protected|abstract)\s+)*(?:def|fun)\s+(?:self\.)?(?<name>\w+[?!]?)/,
      indentation,
    ),
    rule('constant', /^\s*(?<name>[A-Z][A-Z0-9_]+)\s*=/, indentation),
  ],
};

const nim: LineLanguage = {
  comment: hash,
  block: [/^\s*#\[/, /\]#/],
  rules: [
    rule(
      'function',
      /^\s*(?:proc|func|method|iterator|converter)\s+`?(?<name>[\w=[\]+<>-]+?)`?\*?\s*[[(:{=]/,
      indentation,
    ),
    rule('macro', /^\s*(?:template|macro)\s+`?(?<name>\w+)`?/, indentation),
    rule(
      'type',
      /^\s+(?<name>[A-Z]\w*)\*?\s*(?:\[[^\]]*\])?\s*(?:\{\.[^}]*\.\})?\s*=\s*(?:ref\s+|ptr\s+)?(?:object|enum|tuple|distinct|concept)/,
      indentation,
    ),
  ],
};

const fish: LineLanguage = {
  comment: hash,
  rules: [rule('function', /^\s*function\s+(?<name>[\w-]+)/, indentation)],
};

const vim: LineLanguage = {
  comment: /^\s*"/,
  rules: [
    rule('function', /^\s*(?:fu|function|def)!?\s+(?<name>[\w:#.<>]+)/, until(/^\s*(?:endf\w*|enddef)\b/)),
    rule('function', /^\s*command!?\s+(?:-\S+\s+)*(?<name>\w+)/, indentation),
  ],
};

export const lineLanguages: Readonly<Record<string, LineLanguage>> = {
  sql,
  graphql,
  proto,
  prisma,
  dockerfile,
  make,
  cmake,
  powershell,
  groovy,
  gradle: groovy,
  erlang,
  ocaml,
  fsharp,
  crystal,
  nim,
  fish,
  vim,
};
