import type { Relation, SearchHit } from '../../../shared/src/protocol/protocol.js';

const texts: Readonly<Record<Relation, string>> = {
  tests: 'tests it',
  calledBy: 'calls it',
  calls: 'called by it',
  definesTypeOf: 'defines its type',
  similar: 'similar',
};

/** Why a hit is related to the place that was asked about, in a few words; empty for other hits. */
export function relationText({ relations = [], via }: Pick<SearchHit, 'relations' | 'via'>): string {
  if (relations.length === 0) return '';
  const over = via === undefined ? '' : `, over ${via}`;
  // That code is similar says little about code that is called.
  const told = relations.length === 1 ? relations : relations.filter((relation) => relation !== 'similar');
  return told.map((relation) => texts[relation]).join(', ') + over;
}

/** What a user can ask for about a place. */
export interface RelatedChoice {
  readonly label: string;
  readonly detail: string;
  /** The title of its results, before the place. */
  readonly title: string;
  readonly params: { readonly relation?: Relation; readonly steps?: 2 };
}

export const everyRelation: RelatedChoice = {
  label: 'Everything Related',
  detail: 'Callers, what it calls, tests, types and similar code; each says why',
  title: 'Related to',
  params: {},
};

export const relatedChoices: readonly RelatedChoice[] = [
  everyRelation,
  {
    label: 'Callers',
    detail: 'Code that calls it, in its own file, too',
    title: 'Callers of',
    params: { relation: 'calledBy' },
  },
  {
    label: 'Callers, Two Steps',
    detail: 'What may break when it changes: its callers, and their callers',
    title: 'Callers and their callers of',
    params: { relation: 'calledBy', steps: 2 },
  },
  { label: 'Calls', detail: 'Code that it calls', title: 'Called by', params: { relation: 'calls' } },
  { label: 'Tests', detail: 'Tests of it', title: 'Tests of', params: { relation: 'tests' } },
  {
    label: 'Types',
    detail: 'Types in its signature and annotations',
    title: 'Types of',
    params: { relation: 'definesTypeOf' },
  },
  {
    label: 'Similar Code',
    detail: 'Code that does something alike, by meaning',
    title: 'Similar to',
    params: { relation: 'similar' },
  },
];
