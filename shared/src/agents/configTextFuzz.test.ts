import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fuzz } from '../../test/fuzz.js';
import { LanternError } from '../errors.js';
import { agents } from './agentTable.js';
import { ConfigText, canonical } from './configText.js';

const command = {
  command: '/opt/node',
  args: ['/opt/a "b"/lantern.js', 'mcp'],
  env: { LANTERN_HOME: '/data' },
};

/** Files as people leave them, with `SERVERS` for the name of the agent's map of servers. */
const texts: Readonly<Record<string, readonly string[]>> = {
  json: [
    '{}',
    '// mine\n{\n  "theme": "dark", // why\n  /* servers */ "SERVERS": {\n    "other": { "command": "x", "args": [] }, // here\n  },\n}\n',
    '{"a":1,"SERVERS":{"other":{"command":"x"}},"b":[1,2]}',
    '\ufeff{\r\n\t"SERVERS": {\r\n\t},\r\n\t"a": "SERVERS"\r\n}',
  ],
  toml: [
    '',
    '# mine\nmodel = "x" # why\n\n[SERVERS.other] # here\ncommand = "x"\n[SERVERS.other.env]\nA = "b"\n\n[[t]]\na = 1979-05-27\n',
    'a = """\n[SERVERS.no]\n"""\r\nb = [ 1, # one\r\n 2 ]\r\n',
    '[SERVERS]\n\n[SERVERS."a b"]\nargs = [\'x\']',
  ],
  yaml: [
    '',
    '# mine\nmodel: x # why\nSERVERS:\n  # about\n  other:\n    cmd: x # y\n    args: []\nlast: |\n  two\n  lines\n',
    '---\na: &anchor [1, 2]\nSERVERS: {} # none\nb: *anchor\n',
    'SERVERS:\r\n    other: { cmd: x }\r\n# last',
  ],
};
const piece = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    ',',
    ':',
    '=',
    '#',
    '//',
    '/*',
    '*/',
    '---\n',
    '...\n',
  ),
  fc.constantFrom(
    '- ',
    '? ',
    '& ',
    '*x',
    '!!x ',
    '"""',
    "'''",
    '\\',
    '\0',
    '\u2028',
    '\ufeff',
    '\ud800',
    'null',
    'lantern',
    'SERVERS',
    '\nSERVERS:\n',
  ),
  fc.constantFrom(
    '"__proto__": {},',
    '\n[SERVERS.lantern]\n',
    '\n  lantern:\n    cmd: x\n',
    '"lantern": {},',
    '"SERVERS": {},',
    '[SERVERS]\n',
  ),
  fc.string({ maxLength: 6 }),
);
const changes = fc.array(
  fc.record({ at: fc.nat(300), cut: fc.nat(6), add: fc.oneof(piece, fc.constant('')) }),
  { maxLength: 4 },
);

describe('any text of a configuration', () => {
  for (const agent of agents) {
    const cases = fc.tuple(fc.constantFrom(...(texts[agent.syntax] ?? [])), changes);

    it(`of ${agent.id} is as before when the server is taken out, or is refused`, async () => {
      const config = new ConfigText(agent, 'the file');
      const entry = agent.entry(command, 'user');
      await fuzz(cases, 40, ([start, all]) => {
        let before = start;
        for (const { at, cut, add } of all) {
          const place = at % (before.length + 1);
          before = before.slice(0, place) + add + before.slice(place + cut);
        }
        before = before.replaceAll('SERVERS', agent.servers);
        let added;
        try {
          // Nothing is added to a file that has the server already.
          if (config.entryIn(before) !== undefined) return;
          added = config.add(before, entry);
        } catch (error) {
          assert.ok(error instanceof LanternError && error.message.startsWith('the file'), String(error));
          return;
        }
        assert.equal(canonical(config.entryIn(added.text)), canonical(entry));
        assert.equal(config.remove(added.text, added.addition), before);
      });
    });
  }
});
