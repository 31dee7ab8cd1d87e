// Declares only the files that are used: the package's main file also loads its pipelines and sharp.

declare module '@xenova/transformers/src/tokenizers.js' {
  export class PreTrainedTokenizer {
    readonly model: { readonly tokens_to_ids: ReadonlyMap<string, number> };
    constructor(tokenizer: unknown, config: unknown);
    encode(text: string, pair: null, options: { add_special_tokens: boolean }): number[];
  }
  export const AutoTokenizer: {
    readonly TOKENIZER_CLASS_MAPPING: Readonly<Record<string, typeof PreTrainedTokenizer | undefined>>;
  };
}

declare module '@xenova/transformers/src/env.js' {
  export const env: {
    allowRemoteModels: boolean;
    allowLocalModels: boolean;
    remoteHost: string;
    useBrowserCache: boolean;
    useFSCache: boolean;
    useCustomCache: boolean;
  };
}

declare module '@xenova/transformers/src/utils/hub.js' {
  export interface HubProgress {
    readonly status: string;
    readonly loaded?: number;
    readonly total?: number;
  }
  export function getFile(url: string): Promise<Response>;
  export function getModelFile(
    model: string,
    file: string,
    fatal: boolean,
    options: { revision: string; progress_callback: (progress: HubProgress) => void },
  ): Promise<Uint8Array>;
}
