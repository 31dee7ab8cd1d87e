/**
 * What comments look like, in all languages: their marks, their text, and legal notices. This is for lines of text;
 * where there is a syntax tree, use the tree.
 */

/** Marks of a line comment that have no other meaning at the start of a line. */
const lineMarks = String.raw`\/\/|--|;;|%`;

/** A comment line. `#` does not begin a comment in an attribute, a shebang or a preprocessor directive. */
export const lineComment = new RegExp(
  String.raw`^\s*(?:${lineMarks}|#(?![[!]|include|import|if|define|pragma|region))`,
);

/** Languages in which `#` begins a directive, not a comment. */
const directiveLanguages: ReadonlySet<string> = new Set(['c', 'cpp', 'csharp']);

const commentOrDecorator = new RegExp(String.raw`^\s*(?:${lineMarks}|#|@|\[)`);

/** Whether a line is a comment, a decorator or an attribute: the lines that may precede a definition. */
export function isCommentOrDecorator(line: string, language: string): boolean {
  return commentOrDecorator.test(line) && !(directiveLanguages.has(language) && /^\s*#/.test(line));
}

/** Where a block comment begins and ends, by its marks. */
export const blockComments: readonly (readonly [begin: RegExp, end: RegExp])[] = [
  [/^\s*\/\*/, /\*\//],
  [/^\s*<!--/, /-->/],
  [/^\s*\{-(?!#)/, /-\}/],
  [/^\s*--\[\[/, /\]\]/],
];

/** Whether a line begins with a comment, or is one within a comment that has a star before each line. */
export const isCommentLine = (line: string): boolean =>
  lineComment.test(line) ||
  blockComments.some(([begin]) => begin.test(line)) ||
  /^\s*(?:\*(?!\w)|"""|''')/.test(line);

/** A line that ends with the end of a C-style block comment. */
export const endsBlockComment = /\*\/\s*$/;

/** A copyright or licence notice. */
export const legalNotice = /\b(?:licen[cs]ed?|copyright|spdx|all rights reserved)\b/i;

/** The text of a licence: a comment with any of these is a licence from start to end. */
export const licenceText = /\bapache|warrant|permission is hereby|redistribut/i;

/** Tags of XML documentation, HTML in Javadoc and inline tags of Javadoc. They carry no meaning of their own. */
const documentationTags =
  /<\/?(?:summary|remarks|para|returns|value|p|br|ul|ol|li|pre|code|tt)\s*\/?>|\{@(?:code|link|linkplain|literal)\b/g;

/** Most characters of a first sentence. */
const sentenceLength = 200;

/** The text of a comment without its marks and documentation tags. */
export function plainComment(text: string): string {
  return text
    .replace(
      /^[ \t]*(?:\/\/[/!]?|\/\*+!?|\*+\/|\*(?!\w)|#+!?|--+|;+|%+|<!--|(?:~[sS]|[rRuU])?(?:"""|''')|\{-|-\})/gm,
      ' ',
    )
    .replace(/\*\/|"""|'''|-->|-\}/g, ' ')
    .replace(documentationTags, ' ')
    .replace(/[ \t]+/g, ' ')
    .trim();
}

/** The first sentence of a comment. It says what the code below does; the rest is parameters and remarks. */
export function firstSentence(comment: string): string {
  return (plainComment(comment).split(/[.!?]\s|[。！？]|\n\s*\n/)[0] ?? '').slice(0, sentenceLength);
}
