import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Agent } from './agent.js';
import { agents } from './agentTable.js';
import { ConfigText, canonical } from './configText.js';
import { json } from './syntax/json.js';
import { toml } from './syntax/toml.js';
import { yaml } from './syntax/yaml.js';
import { runsOr } from '../../test/runLength.js';

const numRuns = runsOr(150);
const command = {
  command: '/opt/node',
  args: ['/opt/a "b"/lantern.js', 'mcp'],
  env: { LANTERN_HOME: '/data' },
};

const of = (id: string): Agent => agents.find((agent) => agent.id === id)!;
const entryOf = (agent: Agent) => agent.entry(command, 'user');

/** Adds the server, checks what is there, removes it, and expects the first text. */
function roundTrip(agent: Agent, before: string): void {
  const config = new ConfigText(agent, 'the file');
  const { text, addition } = config.add(before, entryOf(agent));
  assert.equal(canonical(config.entryIn(text)), canonical(entryOf(agent)));
  assert.equal(config.remove(text, addition), before);
  // Without the record the values are the same, whatever the text is.
  const { [agent.syntax]: syntax } = { json, toml, yaml };
  const servers = agent.servers;
  const rest = (one: string): string => {
    const root = syntax.parse(one) as Record<string, unknown>;
    return canonical({ ...root, [servers]: root[servers] ?? {} });
  };
  assert.equal(rest(config.remove(text, undefined)), rest(before));
}

const name = fc.stringMatching(/^[a-z][\w-]{0,8}$/).filter((one) => one !== 'lantern');
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('[x]', '# no', '// no', '{', 'a: b'),
);
const end = fc.constantFrom('\n', '\r\n');
const indent = fc.constantFrom('  ', '    ', '\t');

/** JSON of settings and servers, in any layout: with comments, trailing commas, tabs, a byte order mark. */
const jsonText = (servers: string): fc.Arbitrary<string> =>
  fc
    .record({
      settings: fc.dictionary(
        name,
        fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 3 })),
        { maxKeys: 4 },
      ),
      others: fc.option(
        fc.dictionary(name, fc.record({ command: text, args: fc.array(text, { maxLength: 2 }) }), {
          maxKeys: 3,
        }),
      ),
      first: fc.boolean(),
      indent: fc.oneof(indent, fc.constant('')),
      end,
      comment: fc.option(fc.stringMatching(/^[ \w"{}[\],:]{0,10}$/)),
      comma: fc.boolean(),
      tail: fc.constantFrom('', '\n', '\n\n', '  '),
      mark: fc.constantFrom('', '\ufeff'),
    })
    .map(({ settings, others, first, indent, end, comment, comma, tail, mark }) => {
      const map = others === null ? {} : { [servers]: others };
      const plain = Object.fromEntries(Object.entries(settings).filter(([key]) => key !== servers));
      const value = first ? { ...map, ...plain } : { ...plain, ...map };
      let written = JSON.stringify(value, null, indent);
      if (comma) written = written.replace(/([\]}"\w])\n(\s*[}\]])/g, '$1,\n$2');
      if (comment !== null) {
        written = written
          .split('\n')
          .map((line, index) => (index % 2 === 0 ? `${line} // ${comment}` : `/* ${comment} */ ${line}`))
          .join('\n');
      }
      return mark + (written + tail).replaceAll('\n', end);
    });

const tomlText: fc.Arbitrary<string> = fc
  .record({
    lines: fc.array(
      fc.oneof(
        fc
          .tuple(fc.nat(), text)
          .map(([key, value]) => `k${key} = ${JSON.stringify(value).replaceAll('\u007f', '')} # why`),
        fc.stringMatching(/^[ \w"[\]]{0,10}$/).map((comment) => `# ${comment}`),
        fc.nat().map((key) => `k${key} = """\n[mcp_servers.no]\n# no"""`),
        fc.nat().map((key) => `k${key} = [ 1, # one\n  2 ]`),
        fc.constant(''),
      ),
      { maxLength: 5 },
    ),
    servers: fc.uniqueArray(name, { maxLength: 3 }),
    tables: fc.uniqueArray(name, { maxLength: 2 }),
    end,
    tail: fc.constantFrom('', '\n', '\n\n', '\n# last'),
  })
  .map(({ lines, servers, tables, end, tail }) => {
    const unique = lines.map((line, index) => line.replace(/^k\d+/, `k${index}`));
    const more = [
      ...servers.map(
        (one) =>
          `# about ${one}\n[mcp_servers.${one}] # here\ncommand = 'x'\n[mcp_servers.${one}.env]\nA = "b"`,
      ),
      ...tables.map((one) => `[t-${one}]\na = 1979-05-27T07:32:00Z\nb = 9007199254740993`),
    ];
    return ([...unique, ...more].join('\n') + tail).replaceAll('\n', end);
  });

const yamlText: fc.Arbitrary<string> = fc
  .record({
    head: fc.constantFrom('', '# mine\n', '---\n', '# mine\n---\n'),
    settings: fc.uniqueArray(name, { maxLength: 3 }),
    value: fc.constantFrom(
      'x # why',
      '"a: b"',
      '|\n  two\n  lines',
      '>-\n  folded\n',
      '[ 1, 2 ]',
      '{ a: 1 }',
      '- 1\n- 2',
      '\n  - 1',
    ),
    others: fc.option(fc.uniqueArray(name, { maxLength: 3 })),
    first: fc.boolean(),
    indent: fc.constantFrom('  ', '    '),
    end,
    tail: fc.constantFrom('', '\n', '\n\n', '\n# last\n', '\n  # last'),
  })
  .map(({ head, settings, value, others, first, indent, end, tail }) => {
    const plain = settings.map((one) => (value.startsWith('-') ? `${one}:\n${value}` : `${one}: ${value}`));
    const map =
      others === null
        ? []
        : others.length === 0
          ? ['extensions: {} # none']
          : [
              'extensions:',
              ...others.map(
                (one) => `${indent}# about\n${indent}${one}:\n${indent}  cmd: x # y\n${indent}  args: []`,
              ),
            ];
    const lines = first ? [...map, ...plain] : [...plain, ...map];
    return (head + lines.join('\n') + (lines.length === 0 ? '' : tail)).replaceAll('\n', end);
  });

describe('the text of a configuration', () => {
  it('stays what it is when an edit would damage it', () => {
    const refused: readonly (readonly [string, string, RegExp])[] = [
      ['cursor', '{ "mcpServers": { ', /is not valid JSON \(\w+ in line 1\)/],
      ['cursor', '[]', /is not an object in JSON/],
      ['cursor', 'null', /is not an object in JSON/],
      ['cursor', '{ "mcpServers": [] }', /has a “mcpServers” that is not an object/],
      ['cursor', '{ "mcpServers": {}, "mcpServers": {} }', /cannot edit safely/],
      ['codex', 'a = ', /is not valid TOML/],
      ['codex', 'mcp_servers = { a = { command = "x" } }', /cannot edit safely/],
      ['goose', 'a: [', /is not valid YAML \(\w+ in line 1\)/],
      ['goose', '- a', /is not an object in YAML/],
      ['goose', 'extensions: [ a ]', /has a “extensions” that is not an object/],
    ];
    for (const [id, before, why] of refused)
      assert.throws(() => new ConfigText(of(id), 'the file').add(before, entryOf(of(id))), why, before);
    const table = '[mcp_servers.lantern]\ncommand = "x"\n';
    assert.throws(
      () => new ConfigText(of('codex'), 'the file').remove(`a = """\n${table}"""\n${table}`, undefined),
      /cannot edit safely/,
    );
  });

  it('loses only the server when something else was changed meanwhile', () => {
    const config = new ConfigText(of('cursor'), 'the file');
    const { text, addition } = config.add('{\n  "a": 1\n}\n', entryOf(of('cursor')));
    assert.equal(
      config.remove(text.replace('"a": 1', '"a": 2, // two'), addition),
      '{\n  "a": 2, // two\n}\n',
    );
    // Written anew, as agents do with files of their own.
    const rewritten = JSON.stringify({ b: 1, ...(JSON.parse(text) as object) });
    assert.deepEqual(JSON.parse(config.remove(rewritten, addition)), { b: 1, a: 1 });
    const joined = text.replace('"lantern":', '"other": {},\n    "lantern":');
    assert.deepEqual(JSON.parse(config.remove(joined, addition)), { a: 1, mcpServers: { other: {} } });
  });

  it('in JSON is as before when the server is taken out', () => {
    for (const id of ['cursor', 'vscode', 'zed', 'opencode'])
      fc.assert(
        fc.property(jsonText(of(id).servers), (before) => roundTrip(of(id), before)),
        { numRuns },
      );
  });

  it('in TOML is as before when the server is taken out', () => {
    fc.assert(
      fc.property(tomlText, (before) => roundTrip(of('codex'), before)),
      { numRuns },
    );
  });

  it('in YAML is as before when the server is taken out', () => {
    fc.assert(
      fc.property(yamlText, (before) => roundTrip(of('goose'), before)),
      { numRuns },
    );
  });
});
