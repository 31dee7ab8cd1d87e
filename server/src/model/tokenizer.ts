import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, LanternError } from '../../../shared/src/errors.js';
import type { PreTrainedTokenizer } from '@xenova/transformers/src/tokenizers.js';

/** An encoded text for the graph. */
export interface Encoding {
  /** Token ids with the model's special tokens; at most as many as asked for. */
  readonly ids: readonly number[];
  /** Whether the text had more tokens, and its end was left out. */
  readonly truncated: boolean;
}

interface TokenizerConfig {
  readonly tokenizer_class?: string;
  readonly model_max_length?: number;
}

interface TokenizerFile {
  readonly normalizer?: { readonly type?: string; readonly lowercase?: boolean } | null;
  readonly pre_tokenizer?: { readonly type?: string } | null;
  readonly model?: {
    readonly type?: string;
    readonly unk_token?: string;
    readonly continuing_subword_prefix?: string;
    readonly max_input_chars_per_word?: number;
  };
  readonly added_tokens?: readonly { readonly content: string }[];
}

// More characters than any text has per token: English has 4 to 5, code fewer.
const CHARACTERS_PER_TOKEN = 24;

/** Pieces of text whose ids are cached: code repeats the same few thousand. About 150 bytes each. */
const keptPieces = 32_768;
const longestKeptPiece = 64;
/** Separates words for BERT. It treats other white space as control characters, and drops it. */
const betweenWords = /[ \t\n\r]+/;

/**
 * How BERT's pre-tokenizer splits ASCII: runs of letters and digits, and single other characters. Control characters, and
 * everything beyond ASCII, need the library itself.
 */
const [other, separator, alphanumeric, single] = [0, 1, 2, 3];
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[ \t\n\r]/.test(character)) return separator;
  if (/[A-Za-z0-9]/.test(character)) return alphanumeric;
  return /[!-~]/.test(character) ? single : other;
});
const bracket = '['.charCodeAt(0);
const kindAt = (text: string, at: number): number => kinds[text.charCodeAt(at)] ?? other;

/** The tokenizer of a model folder. It needs neither the network nor the loaded model. */
export class Tokenizer {
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #prefix: readonly number[];
  readonly #suffix: readonly number[];
  /** Ids by piece of text; undefined for a tokenizer whose tokens may contain white space. */
  readonly #pieces: Map<string, readonly number[]> | undefined;
  readonly #wordPieces: ((word: string) => readonly number[]) | undefined;
  /** Ids of single ASCII characters, by code. */
  readonly #singles: (readonly number[] | undefined)[] = [];
  /** Tokens with a meaning of their own, such as `[MASK]`, which are not split. */
  readonly #addedTokens: readonly string[];
  /** Most tokens by the tokenizer's own files, special tokens included; `undefined` when they do not say. */
  readonly modelMaxLength: number | undefined;

  private constructor(tokenizer: PreTrainedTokenizer, config: TokenizerConfig, file: TokenizerFile) {
    this.#tokenizer = tokenizer;
    this.#pieces = readsWordByWord(file) ? new Map() : undefined;
    this.#wordPieces = wordPieces(file, tokenizer.model.tokens_to_ids);
    this.#addedTokens = (file.added_tokens ?? []).map(({ content }) => content);
    // Find the special tokens by encoding a text with and without them.
    const bare = this.#content('a');
    const whole = tokenizer.encode('a', null, { add_special_tokens: true });
    const start = whole.findIndex((_, at) => bare.every((id, offset) => whole[at + offset] === id));
    this.#prefix = whole.slice(0, Math.max(start, 0));
    this.#suffix = whole.slice(Math.max(start, 0) + bare.length);
    const limit = config.model_max_length;
    // "No limit" is a number with thirty digits.
    this.modelMaxLength = limit !== undefined && limit > 0 && limit < 1e9 ? limit : undefined;
  }

  /** Reads `tokenizer.json` and `tokenizer_config.json`. Rejects with `model-damaged` when they cannot be used. */
  static async load(folder: string, repairAdvice = 'Install the model again.'): Promise<Tokenizer> {
    // Imported here: it takes 0.1 s that commands without tokenizing do not need.
    const library = await import('@xenova/transformers/src/tokenizers.js');
    const files = { tokenizer: 'tokenizer.json', config: 'tokenizer_config.json' };
    const tokenizer = await readJson(join(folder, files.tokenizer), repairAdvice);
    const config = (await readJson(join(folder, files.config), repairAdvice)) as TokenizerConfig;
    const name = config.tokenizer_class?.replace(/Fast$/, '') ?? '';
    const Class = library.AutoTokenizer.TOKENIZER_CLASS_MAPPING[name] ?? library.PreTrainedTokenizer;
    try {
      return new Tokenizer(new Class(tokenizer, config), config, tokenizer as TokenizerFile);
    } catch (error) {
      throw damaged(join(folder, files.tokenizer), errorMessage(error), repairAdvice, error);
    }
  }

  /** Number of special tokens that `encode` adds to a text. */
  get specialTokens(): number {
    return this.#prefix.length + this.#suffix.length;
  }

  /** Tokens of `text` alone, without special tokens. */
  countTokens(text: string): number {
    if (this.#pieces === undefined) return this.#encode(text).length;
    let count = 0;
    this.#eachPiece(text, this.#pieces, (ids) => (count += ids.length));
    return count;
  }

  /** Encodes `text` into at most `maxTokens` ids, special tokens included. */
  encode(text: string, maxTokens: number): Encoding {
    const room = maxTokens - this.specialTokens;
    const start = this.#startOf(text, room);
    const content = this.#content(start);
    const fits = content.length <= room && start.length === text.length;
    const kept = content.length <= room ? content : content.slice(0, room);
    return { ids: [...this.#prefix, ...kept, ...this.#suffix], truncated: !fits };
  }

  /**
   * A start of `text` with at least `room` tokens, cut at white space, so that the rest of a huge text costs nothing.
   */
  #startOf(text: string, room: number): string {
    for (let size = room * CHARACTERS_PER_TOKEN; size < text.length; size *= 2) {
      const head = text.slice(0, size);
      const cut = head.search(/\s\S*$/);
      const start = cut > 0 ? head.slice(0, cut) : head;
      if (this.#content(start).length >= room) return start;
    }
    return text;
  }

  #content(text: string): readonly number[] {
    if (this.#pieces === undefined) return this.#encode(text);
    const content: number[] = [];
    this.#eachPiece(text, this.#pieces, (ids) => {
      for (const id of ids) content.push(id);
    });
    return content;
  }

  /** Calls `emit` with the ids of each piece of a text, in order. */
  #eachPiece(
    text: string,
    cache: Map<string, readonly number[]>,
    emit: (ids: readonly number[]) => void,
  ): void {
    const { length } = text;
    for (let at = 0; at < length;) {
      const start = at;
      let isPlain = true;
      let hasBracket = false;
      for (; at < length; at++) {
        const kind = kindAt(text, at);
        if (kind === separator) break;
        if (kind === other) isPlain = false;
        else if (text.charCodeAt(at) === bracket) hasBracket = true;
      }
      if (at === start) at++;
      else if (isPlain && !(hasBracket && this.#hasAddedToken(text.slice(start, at))))
        this.#eachRun(text, start, at, cache, emit);
      else emit(this.#ids(text.slice(start, at), cache));
    }
  }

  /** The same for a word of plain ASCII, which is split further. */
  #eachRun(
    text: string,
    start: number,
    end: number,
    cache: Map<string, readonly number[]>,
    emit: (ids: readonly number[]) => void,
  ): void {
    for (let at = start; at < end;) {
      const from = at++;
      if (kindAt(text, from) === alphanumeric) {
        while (at < end && kindAt(text, at) === alphanumeric) at++;
        emit(this.#ids(text.slice(from, at), cache, this.#wordPieces));
      } else {
        const code = text.charCodeAt(from);
        emit((this.#singles[code] ??= this.#encode(text.charAt(from))));
      }
    }
  }

  #hasAddedToken(word: string): boolean {
    return this.#addedTokens.some((token) => word.includes(token));
  }

  #ids(
    piece: string,
    cache: Map<string, readonly number[]>,
    split?: (word: string) => readonly number[],
  ): readonly number[] {
    const cached = cache.get(piece);
    if (cached !== undefined) return cached;
    if (piece.length > longestKeptPiece) return this.#encode(piece);
    const ids = split === undefined ? this.#encode(piece) : split(piece);
    // Clear the whole cache: the common pieces are back within a file.
    if (cache.size >= keptPieces) cache.clear();
    cache.set(piece, ids);
    return ids;
  }

  #encode(text: string): number[] {
    return this.#tokenizer.encode(text, null, { add_special_tokens: false });
  }
}

/** Whether the ids of a text are those of its words in order, as with BERT's pre-tokenizer. */
function readsWordByWord({ model, pre_tokenizer: words, added_tokens: added = [] }: TokenizerFile): boolean {
  const bert = model?.type === 'WordPiece' && words?.type === 'BertPreTokenizer';
  // Added tokens are recognised by their bracket, see `#hasAddedToken`.
  return bert && added.every(({ content }) => content.startsWith('[') && !betweenWords.test(content));
}

/**
 * Ids of a short word of ASCII letters and digits, as the library's WordPiece gives them, but without its work on other
 * characters, which takes ten times as long: the longest known start, then that of the rest (Schuster and Nakajima, 2012).
 * Undefined for another kind of tokenizer.
 */
function wordPieces(
  { normalizer, model }: TokenizerFile,
  vocabulary: ReadonlyMap<string, number>,
): ((word: string) => readonly number[]) | undefined {
  const unknown = vocabulary.get(model?.unk_token ?? '');
  const prefix = model?.continuing_subword_prefix;
  const isBert = normalizer?.type === 'BertNormalizer' && model?.type === 'WordPiece';
  if (!isBert || unknown === undefined || prefix === undefined) return undefined;
  if ((model.max_input_chars_per_word ?? 100) < longestKeptPiece) return undefined;
  return (word) => {
    const text = normalizer.lowercase === true ? word.toLowerCase() : word;
    const ids: number[] = [];
    for (let start = 0; start < text.length;) {
      let end = text.length;
      let id: number | undefined;
      for (; end > start; end--) {
        id = vocabulary.get((start > 0 ? prefix : '') + text.slice(start, end));
        if (id !== undefined) break;
      }
      if (id === undefined) return [unknown];
      ids.push(id);
      start = end;
    }
    return ids;
  };
}

async function readJson(file: string, repairAdvice: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw damaged(file, errorMessage(error), repairAdvice, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object') throw new TypeError('it holds no object');
    return value;
  } catch (error) {
    throw damaged(file, errorMessage(error), repairAdvice, error);
  }
}

function damaged(file: string, cause: string, repairAdvice: string, error: unknown): LanternError {
  return new LanternError('model-damaged', `The model's ${file} cannot be used: ${cause}. ${repairAdvice}`, {
    cause: error,
  });
}
