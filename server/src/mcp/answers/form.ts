import { Buffer } from 'node:buffer';
import type { CallToolResult } from '@modelcontextprotocol/server';

/**
 * The form of an answer. Of an answer in both, some clients show their model the text, some the structure, some both.
 * So each answer has one: text, or structure for a program that asks for it.
 */
export type Form = 'text' | 'structured';

/** Key in the `_meta` of a call, and its value, with which a program asks for the structured form. */
export const formKey = 'lantern/form';

export function formOf(meta: Readonly<Record<string, unknown>> | undefined): Form {
  return meta?.[formKey] === 'structured' ? 'structured' : 'text';
}

/**
 * An answer in one form. Texts become parts, for clients that keep parts apart. Some join them without anything
 * between, so that each part has to end its line.
 */
export function answerIn(
  form: Form,
  texts: string | readonly string[],
  structuredContent: Record<string, unknown>,
): CallToolResult {
  if (form === 'structured') return { content: [], structuredContent };
  const parts = typeof texts === 'string' ? [texts] : texts;
  return { content: parts.map((text) => ({ type: 'text' as const, text })) };
}

/** Bytes of an answer that a model reads. */
export function readBytes({ content, structuredContent }: CallToolResult): number {
  const texts = content.map((part) => (part.type === 'text' ? Buffer.byteLength(part.text) : 0));
  const structure =
    structuredContent === undefined ? 0 : Buffer.byteLength(JSON.stringify(structuredContent));
  return texts.reduce((sum, bytes) => sum + bytes, structure);
}
