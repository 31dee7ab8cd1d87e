/**
 * Weight of each feature after scaling to 0..1, measured by `npm run bench -- quality --ablate`, see docs/ranking.md.
 * The first column is for questions. The second is for a query that is one name: there the definition decides, and
 * vectors only blur.
 */
export const weights = {
  body: [1, 1],
  bodyOfFile: [0.4, 0],
  names: [0.15, 0],
  defines: [0.3, 1.5],
  path: [0.1, 0.1],
  nameShare: [0.08, 0],
  nameEqual: [0, 1],
  pathNamed: [2, 2],
  language: [0.2, 0],
  lead: [0.25, 0],
  signatures: [0.25, 0],
  comments: [0.25, 0],
  coverage: [0.3, 0],
  usage: [0.35, 0],
  cosine: [0.3, 0],
  cosineOfFile: [0.6, 0],
  fileVector: [0.8, 0],
} as const satisfies Record<string, readonly [question: number, symbol: number]>;

export type Feature = keyof typeof weights;

export const featureNames = Object.keys(weights) as readonly Feature[];

/** The weights that apply, by name. The benchmark leaves out one at a time. */
export type Weights = Readonly<Record<Feature, number>>;

const column = (at: 0 | 1): Weights =>
  Object.fromEntries(featureNames.map((name) => [name, weights[name][at]])) as Record<Feature, number>;

export const questionWeights: Weights = column(0);
export const symbolWeights: Weights = column(1);
