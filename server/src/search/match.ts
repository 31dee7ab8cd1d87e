import { type MatchStrength, matchStrengths } from '../../../shared/src/protocol/protocol.js';
import { bundledModel } from '../model/knownModels.js';
import type { Candidate } from './ranking.js';

/** What tells how well a candidate matches, in units that are the same for every question and folder. */
type Evidence = Pick<Candidate, 'coverage' | 'defines' | 'cosine' | 'fileCosine'>;

/** What each unit of evidence weighs, and the sums from which on a match is strong, and likely. */
interface Scale {
  /** For the share of the question's terms that the file has, each by how much it tells. */
  readonly coverage: number;
  /** For the definition of a name of the question. */
  readonly defines: number;
  readonly cosine: number;
  readonly fileCosine: number;
  readonly strong: number;
  readonly likely: number;
}

/**
 * Fitted so that few questions about other libraries have a strong hit, and nearly all of a library's own a likely one;
 * measured by `npm run bench -- match`, see docs/ranking.md. One scale for each set of evidence that there may be.
 */
const scales = {
  words: { coverage: 4, defines: 2, cosine: 0, fileCosine: 0, strong: 3.4, likely: 1.1 },
  files: { coverage: 3.2, defines: 2.2, cosine: 0, fileCosine: 8.3, strong: 4.9, likely: 3.9 },
  chunks: { coverage: 2.9, defines: 2.1, cosine: 4.5, fileCosine: 5.6, strong: 5.5, likely: 4.6 },
  meaning: { coverage: 0, defines: 0, cosine: 7.2, fileCosine: 5.5, strong: 5.2, likely: 3.6 },
} as const satisfies Record<string, Scale>;

export interface MatchContext {
  /** Of the folder. Cosines of other models than the bundled one have other sizes, and tell nothing here. */
  readonly modelKey: string;
  /** Whether the candidates were sought by their vectors alone. */
  readonly byMeaning: boolean;
}

/** How well a candidate matches. */
export function matchOf(evidence: Evidence, { modelKey, byMeaning }: MatchContext): MatchStrength {
  const comparable = modelKey.startsWith(`${bundledModel.name}@`);
  const cosine = comparable ? evidence.cosine : undefined;
  const fileCosine = comparable ? evidence.fileCosine : undefined;
  const scale =
    cosine === undefined
      ? scales[fileCosine === undefined ? 'words' : 'files']
      : scales[byMeaning ? 'meaning' : 'chunks'];
  const sum =
    scale.coverage * evidence.coverage ** 2 +
    scale.defines * evidence.defines +
    scale.cosine * (cosine ?? 0) +
    scale.fileCosine * (fileCosine ?? 0);
  return sum >= scale.strong ? 'strong' : sum >= scale.likely ? 'likely' : 'weak';
}

/** How well each candidate matches, by its row id; undefined for a chunk that is none. */
export function matchesOf(
  candidates: readonly Candidate[],
  context: MatchContext,
): (id: number) => MatchStrength | undefined {
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  return (id) => {
    const candidate = byId.get(id);
    return candidate && matchOf(candidate, context);
  };
}

/** Whether a match is as good as `least` or better. */
export const isAtLeast = (match: MatchStrength | undefined, least: MatchStrength): boolean =>
  match !== undefined && matchStrengths.indexOf(match) <= matchStrengths.indexOf(least);
