import type { Value } from '../../pipeline/contracts.ts';

export const ARITHMETIC = ['+', '-', '*', '/', '%'] as const;
export type Arithmetic = (typeof ARITHMETIC)[number];
export const COMPARISONS = ['=', '!=', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

interface Placed {
  /** Where in the source. */
  readonly at: number;
  /** Levels below and with this one: what later walks the tree does so on the stack. */
  readonly depth: number;
}

export type Node = Placed &
  (
    | { readonly kind: 'literal'; readonly value: Value }
    | { readonly kind: 'field'; readonly name: string }
    | { readonly kind: 'member'; readonly of: Node; readonly name: string }
    | { readonly kind: 'index'; readonly of: Node; readonly index: Node }
    | { readonly kind: 'negative' | 'not'; readonly of: Node }
    | { readonly kind: 'arithmetic'; readonly operator: Arithmetic; readonly left: Node; readonly right: Node }
    | { readonly kind: 'comparison'; readonly operator: Comparison; readonly left: Node; readonly right: Node }
    | { readonly kind: 'and' | 'or'; readonly parts: readonly Node[] }
    | { readonly kind: 'in'; readonly of: Node; readonly list: readonly Node[]; readonly negated: boolean }
    | { readonly kind: 'is null'; readonly of: Node; readonly negated: boolean }
    | { readonly kind: 'choose'; readonly condition: Node; readonly then: Node; readonly otherwise: Node }
    | { readonly kind: 'first'; readonly parts: readonly Node[] }
    | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Node[] }
  );
