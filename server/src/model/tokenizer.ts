import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, LanternError } from '../../../shared/src/errors.js';
import type { PreTrainedTokenizer } from '@xenova/transformers/src/tokenizers.js';

/** A text as the graph wants it. */
export interface Encoding {
  /** Token ids with the model's special tokens around them; at most the limit that was asked for. */
  readonly ids: readonly number[];
  /** The text had more tokens than the limit, and its end was left out. */
  readonly truncated: boolean;
}

interface TokenizerConfig {
  readonly tokenizer_class?: string;
  readonly model_max_length?: number;
}

interface TokenizerFile {
  readonly pre_tokenizer?: { readonly type?: string } | null;
  readonly model?: { readonly type?: string };
  readonly added_tokens?: readonly { readonly content: string }[];
}

// Longer than the text of any token budget: English has 4 to 5 characters a token, and code fewer.
const CHARACTERS_PER_TOKEN = 24;

/** Words whose ids are remembered: code says the same few thousand again and again. About 150 bytes each. */
const keptWords = 8000;
const longestKeptWord = 64;
/** What parts words for BERT; other white space counts as a control character there, and is left out. */
const betweenWords = /[ \t\n\r]+/;

/** The tokenizer of one model folder. It needs neither the network nor the loaded model. */
export class Tokenizer {
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #prefix: readonly number[];
  readonly #suffix: readonly number[];
  /** Ids by word; undefined for a tokenizer that reads across white space. */
  readonly #words: Map<string, readonly number[]> | undefined;
  /** Most tokens that the tokenizer's own files allow, special tokens included; `undefined` when they do not say. */
  readonly modelMaxLength: number | undefined;

  private constructor(tokenizer: PreTrainedTokenizer, config: TokenizerConfig, file: TokenizerFile) {
    this.#tokenizer = tokenizer;
    this.#words = readsWordByWord(file) ? new Map() : undefined;
    // What the model wants around a text is seen by encoding one with and without it.
    const bare = this.#content('a');
    const whole = tokenizer.encode('a', null, { add_special_tokens: true });
    const start = whole.findIndex((_, at) => bare.every((id, offset) => whole[at + offset] === id));
    this.#prefix = whole.slice(0, Math.max(start, 0));
    this.#suffix = whole.slice(Math.max(start, 0) + bare.length);
    const limit = config.model_max_length;
    // "No limit" is written as a number with thirty digits.
    this.modelMaxLength = limit !== undefined && limit > 0 && limit < 1e9 ? limit : undefined;
  }

  /** Reads `tokenizer.json` and `tokenizer_config.json`; rejects with `model-damaged` when they cannot be used. */
  static async load(folder: string, mend = 'Install the model again.'): Promise<Tokenizer> {
    // Imported here because it costs 0.1 s, which commands that never tokenize need not pay.
    const library = await import('@xenova/transformers/src/tokenizers.js');
    const files = { tokenizer: 'tokenizer.json', config: 'tokenizer_config.json' };
    const tokenizer = await readJson(join(folder, files.tokenizer), mend);
    const config = (await readJson(join(folder, files.config), mend)) as TokenizerConfig;
    const name = config.tokenizer_class?.replace(/Fast$/, '') ?? '';
    const Class = library.AutoTokenizer.TOKENIZER_CLASS_MAPPING[name] ?? library.PreTrainedTokenizer;
    try {
      return new Tokenizer(new Class(tokenizer, config), config, tokenizer as TokenizerFile);
    } catch (error) {
      throw damaged(join(folder, files.tokenizer), errorMessage(error), mend, error);
    }
  }

  /** Number of special tokens that `encode` puts around a text. */
  get specialTokens(): number {
    return this.#prefix.length + this.#suffix.length;
  }

  /** Tokens of `text` alone, without special tokens. */
  countTokens(text: string): number {
    return this.#content(text).length;
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

  /** A start of `text` that surely holds `room` tokens, cut at white space: the rest of a huge text costs nothing. */
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
    if (this.#words === undefined) return this.#encode(text);
    const ids: number[] = [];
    for (const word of text.split(betweenWords))
      if (word !== '') ids.push(...this.#wordIds(word, this.#words));
    return ids;
  }

  #wordIds(word: string, known: Map<string, readonly number[]>): readonly number[] {
    const before = known.get(word);
    if (before !== undefined) return before;
    const ids = this.#encode(word);
    // All are forgotten at once: the common ones are back within a file.
    if (known.size >= keptWords) known.clear();
    if (word.length <= longestKeptWord) known.set(word, ids);
    return ids;
  }

  #encode(text: string): number[] {
    return this.#tokenizer.encode(text, null, { add_special_tokens: false });
  }
}

/** Whether a text's ids are those of its words one after the other, as with BERT's way of parting words. */
function readsWordByWord({ model, pre_tokenizer: words, added_tokens: added = [] }: TokenizerFile): boolean {
  const bert = model?.type === 'WordPiece' && words?.type === 'BertPreTokenizer';
  return bert && added.every(({ content }) => !betweenWords.test(content));
}

async function readJson(file: string, mend: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw damaged(file, errorMessage(error), mend, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object') throw new TypeError('it holds no object');
    return value;
  } catch (error) {
    throw damaged(file, errorMessage(error), mend, error);
  }
}

function damaged(file: string, cause: string, mend: string, error: unknown): LanternError {
  return new LanternError('model-damaged', `The model's ${file} cannot be used: ${cause}. ${mend}`, {
    cause: error,
  });
}
