import assert from 'node:assert/strict';
import { codeOnly } from './codeOnly.js';

describe('code without comments and strings', () => {
  /** The words that are left. */
  const left = (text: string, language: string): string[] => {
    const code = codeOnly(text, language);
    assert.equal(code.length, text.length);
    assert.equal(code.split('\n').length, text.split('\n').length);
    return code.match(/\w+/g) ?? [];
  };

  it('leaves out comments of every kind, over several lines', () => {
    assert.deepEqual(left('a(); // b()\n/* c()\n d() */ e();', 'typescript'), ['a', 'e']);
    assert.deepEqual(left('a() # b()\n"""c()\n\nd()"""\ne()', 'python'), ['a', 'e']);
    assert.deepEqual(left('a -- b\n--[[ c\nd ]] e', 'lua'), ['a', 'e']);
    assert.deepEqual(left('{- a\nb -} c -- d', 'haskell'), ['c']);
    assert.deepEqual(left('{-| a\nb -} c -- d', 'elm'), ['c']);
    assert.deepEqual(left('(a b) ; c\n(d "e ; f")', 'clojure'), ['a', 'b', 'd']);
    assert.deepEqual(left('a = "b" # c\n// d\ne', 'hcl'), ['a', 'e']);
    assert.deepEqual(left('a -- b\n/* c */ d', 'sql'), ['a', 'd']);
    assert.deepEqual(left('(* a\n b *) c', 'ocaml'), ['c']);
    assert.deepEqual(left('a #= b\n=# c # d', 'julia'), ['a', 'c']);
    assert.deepEqual(left('<# a\n#> b # c', 'powershell'), ['b']);
    assert.deepEqual(left('a #[[ b\n]] c', 'cmake'), ['a', 'c']);
    assert.deepEqual(left('a() -> b % c', 'erlang'), ['a', 'b']);
    assert.deepEqual(left('a /* b', 'go'), ['a'], 'one that does not end');
  });

  it('leaves out strings, and what only looks like their end', () => {
    assert.deepEqual(left(String.raw`a("b\" c()"); d('e()')`, 'javascript'), ['a', 'd']);
    assert.deepEqual(left("fn a<'b>(c: &'b str) { d('\\'', 'x') }", 'rust'), [
      'fn',
      'a',
      'b',
      'c',
      'b',
      'str',
      'd',
    ]);
    assert.deepEqual(left('a := `b()\nc()` + d', 'go'), ['a', 'd']);
    assert.deepEqual(left('a = "don\'t" + b # "c', 'ruby'), ['a', 'b']);
    assert.deepEqual(left("a 'b $c' $# d # e", 'bash'), ['a', 'd']);
    assert.deepEqual(left("a 'b''c' $$ d; e $$ f $x$ g $$ $x$ h", 'sql'), ['a', 'f', 'h']);
    assert.deepEqual(left('a {x|b"|x} c', 'ocaml'), ['a', 'c']);
  });

  it('keeps the code in strings', () => {
    assert.deepEqual(left('`a ${b(`c ${d()} e`)} f ${{ g: 1 }} h`; i()', 'typescript'), [
      'b',
      'd',
      'g',
      '1',
      'i',
    ]);
    assert.deepEqual(left('`a \\${b} \\` c`; d()', 'javascript'), ['d']);
    assert.deepEqual(left('a = f"b {c()} d" + "{e}"', 'python'), ['a', 'c']);
    assert.deepEqual(left('a "b #{c} d"', 'ruby'), ['a', 'c']);
    assert.deepEqual(left('val a = "b ${c()}"', 'kotlin'), ['val', 'a', 'c']);
    assert.deepEqual(left('let a = "b \\(c(d)) e"', 'swift'), ['let', 'a', 'c', 'd']);
    assert.deepEqual(left("a = 'b ${c()} d';", 'dart'), ['a', 'c']);
    assert.deepEqual(left("a = ''\n  b ${c}\n'' + d; # e", 'nix'), ['a', 'c', 'd']);
  });

  it('tells a regular expression from a division', () => {
    assert.deepEqual(left('a = /b"c/g.test(d) && e / f / g', 'typescript'), [
      'a',
      'test',
      'd',
      'e',
      'f',
      'g',
    ]);
    assert.deepEqual(left('return /[/"]b/', 'javascript'), ['return']);
  });
});
