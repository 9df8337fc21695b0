import { describe, expect, test } from 'vitest';
import { ExecutorError } from '../../../../protocol/executor.ts';
import type { Row, Value } from '../pipeline/contracts.ts';
import { checkTransforms, compileTransforms } from './compile.ts';
import type { Transformation, Transformations } from './spec.ts';

function apply(spec: Transformations, rows: readonly Row[]) {
  return compileTransforms(spec, { now: new Date('2024-03-01T00:00:00Z') }).apply(
    rows,
    rows.map((_, index) => 100 + index),
  );
}

/** The rows that go on; none may be refused. */
function rowsOf(spec: Transformations, rows: readonly Row[]): Row[] {
  const { rejects, failure, ...outcome } = apply(spec, rows);
  expect({ rejects, failure }).toEqual({ rejects: [], failure: undefined });
  return outcome.rows;
}

const rule = (rule: (Transformation & { type: 'validation' })['config']['rules'][number]): Transformations => [
  { type: 'validation', config: { rules: [rule] } },
];

describe('a chain', () => {
  test('does nothing when it is empty, and hands on lists of its own', () => {
    const rows = [{ a: 1 }];
    const outcome = apply([], rows);
    expect(outcome).toEqual({ rows: [{ a: 1 }], ordinals: [100], rejects: [] });
    expect(outcome.rows).not.toBe(rows);
  });

  test('runs in order, keeps rows and ordinals in step, and leaves what it was given as it was', () => {
    const rows: Row[] = Array.from({ length: 6 }, (_, id) => ({ id, name: ` n${id} `, deep: { x: [id] } }));
    const before = structuredClone(rows);
    const outcome = apply(
      [
        { type: 'flatten', config: { arrays: 'indexed' } },
        { type: 'value_transform', config: { op: 'trim', field: 'name' } },
        { type: 'filter', config: { expression: 'id != 1' } },
        { type: 'computed', config: { field: 'part', expression: '10 / (id - 3)' } },
        { type: 'dedupe', config: { fields: ['id'] } },
        { type: 'field_mapping', config: { mappings: { name: 'label' }, drop_unmapped: true } },
      ],
      rows,
    );
    expect(rows).toEqual(before);
    expect(outcome.ordinals).toEqual([100, 102, 104, 105]);
    expect(outcome.rows).toEqual([{ label: 'n0' }, { label: 'n2' }, { label: 'n4' }, { label: 'n5' }]);
    expect(outcome.rejects).toEqual([
      { ordinal: 103, field: 'part', raw: '', reason: 'transformations[3] (computed): position 4: division by zero' },
    ]);
  });

  test('names what cannot be compiled, and where', () => {
    const spec: Transformations = [
      { type: 'filter', config: { expression: 'a = 1' } },
      { type: 'filter', config: { expression: 'a >' } },
      {
        type: 'validation',
        config: {
          rules: [
            { rule: 'required', field: 'a' },
            { rule: 'pattern', field: 'a', value: '(' },
          ],
        },
      },
    ];
    const failed = () => compileTransforms(spec);
    expect(failed).toThrow(ExecutorError);
    expect(failed).toThrow('transformations[1].config.expression: position 4: expected a value, found the end');
    expect(() => compileTransforms(spec.slice(2))).toThrow(
      'transformations[0].config.rules[1].value: pattern, position 1',
    );
    expect(checkTransforms(spec)).toEqual([
      { field: 'transformations.1.config.expression', message: 'position 4: expected a value, found the end' },
      { field: 'transformations.2.config.rules.1.value', message: 'pattern, position 1: this ( is never closed' },
    ]);
    expect(checkTransforms(spec.slice(0, 1))).toEqual([]);
  });

  test('fields that are called like what objects inherit are fields like others', () => {
    const given = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "c", "x": 1}') as Row;
    const [row] = rowsOf(
      [
        { type: 'flatten', config: { separator: '' } },
        { type: 'computed', config: { field: '__proto__', expression: "'p'" } },
        { type: 'field_mapping', config: { mappings: { constructor: 'toString' } } },
      ],
      [given],
    );
    expect(new Map(Object.entries(row ?? {}))).toEqual(
      new Map<string, Value>([
        ['__proto__', 'p'],
        ['__proto__polluted', 1],
        ['toString', 'c'],
        ['x', 1],
      ]),
    );
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('columns', () => {
  const source = [
    { name: 'id', type: 'integer' },
    { name: 'price', type: 'decimal' },
    { name: 'day', type: 'date' },
    { name: 'phone', type: 'integer' },
    { name: 'name', type: 'text' },
  ] as const;
  const columns = (spec: Transformations) =>
    Object.fromEntries(
      compileTransforms(spec)
        .columns(source)
        .map(({ name, type }) => [name, type]),
    );

  test('keep their types under their new names, until something else is made of them', () => {
    expect(
      columns([
        { type: 'field_mapping', config: { mappings: { price: 'amount', id: 'phone', phone: 'id', 'x.y': 'z' } } },
        { type: 'value_transform', config: { op: 'mask', field: 'id', keep_last: 4 } },
        { type: 'value_transform', config: { op: 'trim', field: 'name' } },
        { type: 'computed', config: { field: 'day', expression: 'now()' } },
      ]),
    ).toEqual({ amount: 'decimal', phone: 'integer', name: 'text' });
  });

  test('are what fields are converted to, if nothing else can be in them', () => {
    expect(
      columns([
        { type: 'field_mapping', config: { mappings: { id: 'id' }, drop_unmapped: true } },
        { type: 'type_conversion', config: { fields: { at: 'timestamp', id: { type: 'decimal', on_error: 'keep' } } } },
      ]),
    ).toEqual({ at: 'timestamp' });
  });

  test('a field that takes the name of another takes its place', () => {
    expect(columns([{ type: 'field_mapping', config: { mappings: { id: 'price', 'x.y': 'day' } } }])).toEqual({
      price: 'integer',
      phone: 'integer',
      name: 'text',
    });
  });
});

describe('field_mapping', () => {
  const map = (mappings: Record<string, string>, drop_unmapped = false): Transformations => [
    { type: 'field_mapping', config: { mappings, drop_unmapped } },
  ];

  test('renames, and keeps the rest', () => {
    expect(rowsOf(map({ customer_id: 'id' }), [{ customer_id: 1, other: 2 }])).toEqual([{ id: 1, other: 2 }]);
  });

  test('drops the rest where it is told to', () => {
    expect(rowsOf(map({ a: 'b' }, true), [{ a: 1, c: 2 }])).toEqual([{ b: 1 }]);
  });

  test('swaps names, and a mapped field takes the place of another', () => {
    expect(rowsOf(map({ a: 'b', b: 'a' }), [{ a: 1, b: 2 }])).toEqual([{ a: 2, b: 1 }]);
    expect(rowsOf(map({ a: 'b' }), [{ b: 2, a: 1 }])).toEqual([{ b: 1 }]);
  });

  test('reaches into objects by dots and by JSON Pointers; a field of the whole name comes first', () => {
    const row = { a: { b: { c: 1 }, 'x/y': 2 }, 'p.q': 3, p: { q: 4 }, list: [{ n: 5 }] };
    const mappings = { 'a.b.c': 'c', '/a/x~1y': 'y', 'p.q': 'q', 'list.0.n': 'n', '/a/b/none': 'none' };
    expect(rowsOf(map(mappings, true), [row])).toEqual([{ c: 1, y: 2, q: 3, n: 5 }]);
  });

  test('leaves out what a record does not have, and keeps null', () => {
    expect(rowsOf(map({ a: 'x', b: 'y' }), [{ b: null }])).toEqual([{ y: null }]);
  });

  test('refuses two sources for one target', () => {
    expect(checkTransforms(map({ a: 'x', b: 'x' }))).toEqual([
      { field: 'transformations.0.config.mappings.b', message: 'a is mapped to x already' },
    ]);
  });
});

describe('type_conversion', () => {
  const fields = { age: 'integer', at: { type: 'timestamp', timezone: 'Asia/Shanghai' } } as const;

  test('converts; null and absent stay what they are', () => {
    const rows = [{ age: '41', at: '2024-01-01 08:00' }, { age: null }];
    expect(rowsOf([{ type: 'type_conversion', config: { fields } }], rows)).toEqual([
      { age: 41, at: new Date('2024-01-01T00:00:00Z') },
      { age: null },
    ]);
  });

  test('what cannot be converted becomes null, and is counted', () => {
    const chain = compileTransforms([{ type: 'type_conversion', config: { fields } }]);
    expect(chain.apply([{ age: 'x' }, { age: 3.5 }], [0, 1]).rows).toEqual([{ age: null }, { age: null }]);
    chain.apply([{ age: 'y' }], [2]);
    expect(chain.notes()).toEqual([
      {
        where: 'transformations[0] (type_conversion)',
        field: 'age',
        message: 'this text cannot be converted to integer; it became null',
        count: 3,
      },
    ]);
  });

  test('or sends the record to quarantine, or stays, as it is told', () => {
    const told = (on_error: 'reject' | 'keep'): Transformations => [
      { type: 'type_conversion', config: { fields: { age: { type: 'integer', on_error } } } },
    ];
    const { rows, rejects } = apply(told('reject'), [{ age: 'x' }, { age: 1 }]);
    expect(rows).toEqual([{ age: 1 }]);
    expect(rejects).toEqual([
      {
        ordinal: 100,
        field: 'age',
        raw: '',
        reason: 'transformations[0] (type_conversion): age: this text cannot be converted to integer',
      },
    ]);
    expect(rowsOf(told('keep'), [{ age: 'x' }])).toEqual([{ age: 'x' }]);
  });

  test('refuses formats and zones that cannot be', () => {
    const spec: Transformations = [
      { type: 'type_conversion', config: { fields: { a: { type: 'date', format: '%Q' } } } },
    ];
    expect(checkTransforms(spec)[0]).toMatchObject({ field: 'transformations.0.config.fields.a' });
  });
});

describe('value_transform', () => {
  type Config = (Transformation & { type: 'value_transform' })['config'];
  const change = (config: Config, row: Row): Row | undefined => rowsOf([{ type: 'value_transform', config }], [row])[0];

  test.each<[Config, Value, Value]>([
    [{ op: 'trim', field: 'a' }, '  x ', 'x'],
    [{ op: 'upper', field: 'a' }, 'straße', 'STRASSE'],
    [{ op: 'lower', field: 'a' }, 'ÀB', 'àb'],
    [{ op: 'lower', field: 'a' }, 5, 5],
    [{ op: 'replace', field: 'a', search: '.', replacement: '$&' }, 'a.b', 'a$&b'],
    [{ op: 'replace', field: 'a', pattern: '\\d+', replacement: '#' }, 'a12b3', 'a#b#'],
    [{ op: 'default', field: 'a', value: 'none' }, null, 'none'],
    [{ op: 'default', field: 'a', value: 'none' }, ' ', ' '],
    [{ op: 'default', field: 'a', value: 'none', empty: true }, ' ', 'none'],
    [{ op: 'default', field: 'a', value: 1 }, 0, 0],
    [{ op: 'template', field: 'a', template: '{b.c}/{{{a}}}' }, 'x', 'y/{x}'],
    [{ op: 'hash', field: 'a' }, 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [{ op: 'hash', field: 'a', salt: 'ab' }, 'c', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [{ op: 'hash', field: 'a' }, null, null],
    [{ op: 'mask', field: 'a' }, 'secret', '******'],
    [{ op: 'mask', field: 'a', keep_first: 1, keep_last: 2 }, '13800138000', '1********00'],
    [{ op: 'mask', field: 'a', keep_last: 4 }, 'abc', '***'],
    [{ op: 'mask', field: 'a', keep_first: 1 }, '王小明', '王**'],
    [{ op: 'mask', field: 'a', keep_last: 1 }, 1234, '***4'],
  ])('%j makes %j to %j', (config, value, wanted) => {
    expect(change(config, { a: value, b: { c: 'y' } })).toEqual({ a: wanted, b: { c: 'y' } });
  });

  test('only default and template make fields that were not there', () => {
    expect(change({ op: 'hash', fields: ['a', 'b'] }, { b: null })).toEqual({ b: null });
    expect(change({ op: 'default', fields: ['a', 'b'], value: 0 }, { b: null })).toEqual({ a: 0, b: 0 });
    expect(change({ op: 'template', field: 'a', template: '{x}-{none}' }, { x: 1 })).toEqual({ a: '1-', x: 1 });
  });

  test('a record that would grow without bounds goes to quarantine', () => {
    const config: Config = { op: 'replace', field: 'a', search: 'x', replacement: 'y'.repeat(10_000) };
    const { rejects } = apply([{ type: 'value_transform', config }], [{ a: 'x'.repeat(1000) }]);
    expect(rejects).toMatchObject([
      { ordinal: 100, field: 'a', reason: expect.stringContaining('1000000 characters') },
    ]);
  });

  test.each<[Config, string]>([
    [{ op: 'trim' }, 'field'],
    [{ op: 'trim', field: 'a', fields: ['b'] }, 'field'],
    [{ op: 'replace', field: 'a', replacement: '' }, 'search'],
    [{ op: 'replace', field: 'a', search: 'x', pattern: 'x', replacement: '' }, 'search'],
    [{ op: 'replace', field: 'a', pattern: '(?=x)', replacement: '' }, 'pattern'],
    [{ op: 'template', field: 'a', template: 'a } b' }, 'template'],
    [{ op: 'template', field: 'a', template: '{a' }, 'template'],
  ])('%j is refused, naming %s', (config, field) => {
    expect(checkTransforms([{ type: 'value_transform', config }])).toMatchObject([
      { field: `transformations.0.config.${field}` },
    ]);
  });
});

describe('filter and computed', () => {
  test('a filter lets through what is true, drops what is false or null, and refuses what cannot be told', () => {
    const spec: Transformations = [{ type: 'filter', config: { expression: 'age >= 18' } }];
    const { rows, ordinals, rejects } = apply(spec, [{ age: 18 }, { age: 17 }, {}, { age: 'old' }]);
    expect({ rows, ordinals }).toEqual({ rows: [{ age: 18 }], ordinals: [100] });
    expect(rejects).toMatchObject([{ ordinal: 103, reason: expect.stringContaining('have no order') }]);
  });

  test('now() is that of the run', () => {
    const spec: Transformations = [{ type: 'computed', config: { field: 'at', expression: 'now()' } }];
    expect(rowsOf(spec, [{}])).toEqual([{ at: new Date('2024-03-01T00:00:00Z') }]);
  });

  test('what cannot be computed becomes null where that is asked for, and is counted', () => {
    const chain = compileTransforms([
      { type: 'computed', config: { field: 'x', expression: '1 / a', on_error: 'null' } },
    ]);
    expect(chain.apply([{ a: 0 }, { a: 2 }], [0, 1])).toMatchObject({
      rows: [
        { a: 0, x: null },
        { a: 2, x: 0.5 },
      ],
      rejects: [],
    });
    expect(chain.notes()).toMatchObject([{ field: 'x', count: 1, message: 'position 3: division by zero' }]);
  });
});

describe('flatten', () => {
  const at = new Date(0);
  const row: Row = { id: 1, a: { b: { c: 2 }, t: at, none: {} }, tags: ['x', { y: 1 }], bytes: new Uint8Array([1]) };

  test('takes objects apart and leaves lists, times and bytes whole', () => {
    expect(rowsOf([{ type: 'flatten', config: {} }], [row])).toEqual([
      { id: 1, a_b_c: 2, a_t: at, tags: ['x', { y: 1 }], bytes: new Uint8Array([1]) },
    ]);
  });

  test('numbers the entries of lists, stops at a depth and keeps to some fields, as it is told', () => {
    expect(
      rowsOf(
        [{ type: 'flatten', config: { separator: '.', max_depth: 1, fields: ['a', 'tags'], arrays: 'indexed' } }],
        [{ ...row, other: { z: 1 } }],
      ),
    ).toEqual([
      {
        id: 1,
        'a.b': { c: 2 },
        'a.t': at,
        'a.none': {},
        'tags.0': 'x',
        'tags.1': { y: 1 },
        bytes: new Uint8Array([1]),
        other: { z: 1 },
      },
    ]);
  });

  test('refuses a record in which two fields would be one, or that has too many', () => {
    const many = Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`f${index}`, index]));
    const { rows, rejects } = apply(
      [{ type: 'flatten', config: {} }],
      [{ a_b: 1, a: { b: 2 } }, { many }, { a: { b: 3 } }],
    );
    expect(rows).toEqual([{ a_b: 3 }]);
    expect(rejects.map(({ ordinal, reason }) => [ordinal, reason])).toEqual([
      [100, 'transformations[0] (flatten): it has two fields that are both called a_b when flattened'],
      [101, 'transformations[0] (flatten): it has more than 5000 fields when flattened'],
    ]);
  });
});

describe('dedupe', () => {
  const rows: Row[] = [
    { k: 1, v: 'a' },
    { k: '1', v: 'b' },
    { k: 1, v: 'c' },
    { k: null, v: 'd' },
    { v: 'e' },
    { k: 2n, v: 'f' },
    { k: 2, v: 'g' },
  ];

  test('keeps the first of a run, across batches; texts and numbers differ; no key is no duplicate', () => {
    const chain = compileTransforms([{ type: 'dedupe', config: { fields: ['k'] } }]);
    const letters = (given: Row[]) =>
      chain
        .apply(
          given,
          given.map((_, index) => index),
        )
        .rows.map(({ v }) => v);
    expect(letters(rows)).toEqual(['a', 'b', 'd', 'e', 'f']);
    expect(
      letters([
        { k: 2, v: 'h' },
        { k: 3, v: 'i' },
      ]),
    ).toEqual(['i']);
    expect(chain.remembers).toBe(true);
  });

  test('keeps the last of a batch', () => {
    const chain = compileTransforms([{ type: 'dedupe', config: { fields: ['k'], keep: 'last' } }]);
    const { rows: kept, ordinals } = chain.apply(rows, [0, 1, 2, 3, 4, 5, 6]);
    expect(kept.map(({ v }) => v)).toEqual(['b', 'c', 'd', 'e', 'g']);
    expect(ordinals).toEqual([1, 2, 3, 4, 6]);
    expect(chain.remembers).toBe(false);
  });

  test('keys of several fields do not run into each other', () => {
    const pairs: Row[] = [
      { a: 'x', b: 'yz' },
      { a: 'xy', b: 'z' },
      { a: 't1:x', b: '' },
      { a: '', b: 't1:x' },
      { a: 'x', b: null },
      { b: 'x' },
    ];
    expect(rowsOf([{ type: 'dedupe', config: { fields: ['a', 'b'] } }], pairs)).toHaveLength(pairs.length);
  });
});

describe('validation', () => {
  type Rule = Parameters<typeof rule>[0];

  test.each<[Rule, Value[], Value[]]>([
    [{ rule: 'required', field: 'a' }, [0, false, 'x'], [null, '', '  ']],
    [{ rule: 'type', field: 'a', value: 'integer' }, [1, 1n, null], [1.5, '1']],
    [{ rule: 'type', field: 'a', value: 'decimal' }, ['1.50', 1], ['x', true]],
    [{ rule: 'type', field: 'a', value: 'date' }, ['2024-02-29'], ['2023-02-29', new Date()]],
    [{ rule: 'type', field: 'a', value: 'timestamp' }, [new Date(), '2024-01-01T00:00:00Z'], [5, 'x']],
    [{ rule: 'min', field: 'a', value: 18 }, [18, 18n, '18.5', null], [17.9, '9', 'abc', true]],
    [{ rule: 'max', field: 'a', value: '9007199254740993' }, [9_007_199_254_740_993n], [9_007_199_254_740_994n]],
    [{ rule: 'min', field: 'a', value: '2024-01-01' }, ['2024-01-01', new Date('2025-01-01')], ['2023-12-31', 'soon']],
    [{ rule: 'min_length', field: 'a', value: 2 }, ['ab', '👍👍', [1, 2]], ['a', '👍', 5]],
    [{ rule: 'max_length', field: 'a', value: 2 }, ['👍👍', ''], ['abc']],
    [{ rule: 'pattern', field: 'a', value: '^\\d{3}$' }, ['123'], ['1234', 123]],
    [{ rule: 'enum', field: 'a', value: ['x', 1, true] }, ['x', 1, 1n, '1', true], ['y', 2, false]],
    [
      { rule: 'email', field: 'a' },
      ['a.b+c@x-y.co', '李@例子.中国'],
      ['a@b', '@b.co', 'a b@c.co', 'a..b@c.co', 'a@-b.co', 5],
    ],
    [{ rule: 'url', field: 'a' }, ['https://a.co/x?y'], ['ftp://a.co', 'javascript:alert(1)', 'https://', 'a.co']],
    [{ rule: 'expression', value: 'a > 1' }, [2], [1, null, 'x']],
  ])('%j takes what it should, and refuses the rest', (given, good, bad) => {
    expect(
      rowsOf(
        rule(given),
        good.map((a) => ({ a })),
      ),
    ).toHaveLength(good.length);
    expect(
      apply(
        rule(given),
        bad.map((a) => ({ a })),
      ).rejects,
    ).toHaveLength(bad.length);
  });

  test('says what is expected, or what its author says', () => {
    const said = (given: Rule) => apply(rule(given), [{ a: { b: 5 } }]).rejects[0];
    expect(said({ rule: 'min', field: 'a.b', value: 18 })).toEqual({
      ordinal: 100,
      field: 'a.b',
      raw: '',
      reason: 'transformations[0] (validation): a.b must be at least 18',
    });
    expect(said({ rule: 'required', field: 'x', message: 'who is it?' })?.reason).toContain('who is it?');
  });

  test('puts in the default, and counts it', () => {
    const chain = compileTransforms(rule({ rule: 'min', field: 'a', value: 0, on_fail: 'default', default: null }));
    expect(chain.apply([{ a: -1 }, { a: 1 }], [0, 1])).toMatchObject({ rows: [{ a: null }, { a: 1 }], rejects: [] });
    expect(chain.notes()).toMatchObject([
      { field: 'a', count: 1, message: 'a must be at least 0; it got the default' },
    ]);
  });

  test('ends the run where it is told to', () => {
    const outcome = apply(rule({ rule: 'required', field: 'id', on_fail: 'fail' }), [{ id: 1 }, {}]);
    expect(outcome).toEqual({
      rows: [],
      ordinals: [],
      rejects: [],
      failure: 'transformations[0] (validation): id is required',
    });
  });

  test.each<[Rule, string]>([
    [{ rule: 'required', field: 'a', on_fail: 'default' }, 'default'],
    [{ rule: 'required', field: 'a', default: 1 }, 'default'],
    [{ rule: 'expression', value: 'a', on_fail: 'default', default: 1 }, 'field'],
    [{ rule: 'required', field: 'a.b', on_fail: 'default', default: 1 }, 'field'],
    [{ rule: 'min', field: 'a', value: 'soon' }, 'value'],
    [{ rule: 'expression', value: 'a +' }, 'value'],
  ])('%j is refused, naming %s', (given, field) => {
    expect(checkTransforms(rule(given))).toMatchObject([{ field: `transformations.0.config.rules.0.${field}` }]);
  });
});
