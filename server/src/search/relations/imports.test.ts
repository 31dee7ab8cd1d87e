import assert from 'node:assert/strict';
import { codeOnly } from '../../syntax/codeOnly.js';
import { type Binding, importsOf } from './imports.js';

describe('imports', () => {
  const read = (text: string, language: string) =>
    importsOf({ language, text, code: codeOnly(text, language) });
  const said = (bindings: readonly Binding[]): string[] =>
    bindings.map(({ local, imported, module }) => `${local}=${imported}@${module}`);

  it('of ECMAScript modules are names, defaults and whole modules', () => {
    const text = `import a, { b, type c as d } from './x.js';
import * as e from "./y";
import type { F } from 'pkg';
import './effect.js';
const { g, h: i } = require('./z');
const j = require('./w');
// import { k } from './k';
const text = "import { l } from './l'";
`;
    assert.deepEqual(said(read(text, 'typescript').bindings), [
      'b=b@./x.js',
      'd=c@./x.js',
      'a=default@./x.js',
      'e=*@./y',
      'F=F@pkg',
      'g=g@./z',
      'i=h@./z',
      'j=*@./w',
    ]);
  });

  it('are passed on by export', () => {
    const text = `import { a } from './a';
export { a as b };
export { c, d as e } from './c';
export * from './all';
export * as f from './f';
export const g = 1;
`;
    const { exported, stars } = read(text, 'typescript');
    assert.deepEqual(said(exported).sort(), ['b=a@./a', 'c=c@./c', 'e=d@./c', 'f=*@./f']);
    assert.deepEqual(stars, ['./all']);
  });

  it('of Python are relative, renamed and over several lines', () => {
    const text = `from . import a
from .b import (
    c,
    d as e,
)
from f.g import *
import h.i as j, k
`;
    const { bindings, stars } = read(text, 'python');
    assert.deepEqual(said(bindings), ['a=a@.', 'c=c@.b', 'e=d@.b', 'j=*@h.i', 'k=*@k']);
    assert.deepEqual(stars, ['f.g']);
  });

  it('have ranges, in which a name is not used', () => {
    for (const [language, text] of [
      ['rust', 'use crate::a::{\n  b,\n  c,\n};\nd();\n'],
      ['python', 'from a import (\n  b,\n)\nd()\n'],
      ['typescript', "import {\n  b,\n} from './a';\nd();\n"],
      ['java', 'import static a.B.c;\nd();\n'],
    ] as const) {
      const { ranges } = read(text, language);
      const within = (offset: number): boolean =>
        ranges.some(([start, end]) => start <= offset && offset < end);
      assert.ok(within(text.search(/\b[bBc]\b/)), language);
      assert.ok(!within(text.indexOf('d(')), language);
    }
  });
});
