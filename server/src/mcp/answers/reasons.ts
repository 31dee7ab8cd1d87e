import type { Relation } from '../../../../shared/src/protocol/protocol.js';

/** Relations as agents name them. */
export const relationNames = {
  calls: 'calls',
  calledBy: 'called_by',
  tests: 'tests',
  definesTypeOf: 'defines_type_of',
  similar: 'similar',
} as const satisfies Readonly<Record<Relation, string>>;

export type RelationName = (typeof relationNames)[Relation];

export const relationOf = (name: RelationName): Relation | undefined =>
  (Object.keys(relationNames) as Relation[]).find((relation) => relationNames[relation] === name);

interface Related {
  readonly relations?: readonly Relation[];
  readonly via?: string;
}

/** Why a hit is related, for its first line: ` (called_by, tests)`, ` (called_by via addTax)`; empty for other hits. */
export function reasonText({ relations = [], via }: Related): string {
  if (relations.length === 0) return '';
  const names = relations.map((relation) => relationNames[relation]).join(', ');
  return ` (${names}${via === undefined ? '' : ` via ${via}`})`;
}
