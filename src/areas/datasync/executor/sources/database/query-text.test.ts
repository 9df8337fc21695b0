import { describe, expect, it } from 'vitest';
import { oneSelect } from './query-text.ts';

describe('oneSelect', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['  select 1 ;\n ; ', '  select 1'],
    ['WITH a AS (SELECT 1) SELECT * FROM a', 'WITH a AS (SELECT 1) SELECT * FROM a'],
    ['(SELECT 1) UNION (SELECT 2)', '(SELECT 1) UNION (SELECT 2)'],
    ['-- why; (\nSELECT 1', '-- why; (\nSELECT 1'],
    ['SELECT 1; -- the end', 'SELECT 1'],
    ['SELECT 1 -- a; b', 'SELECT 1 -- a; b'],
    ["SELECT ';)', \";(\", ''''", "SELECT ';)', \";(\", ''''"],
    ['/* ; */ SELECT $x$ ; ) $x$', '/* ; */ SELECT $x$ ; ) $x$'],
    ["SELECT E'it\\'s; )'", "SELECT E'it\\'s; )'"],
  ])('takes %j', (query, text) => {
    expect(oneSelect(query, 'postgresql')).toBe(text);
  });

  it.each([
    ['DROP TABLE x', 'does not begin'],
    ['', 'does not begin'],
    ['-- SELECT 1', 'does not begin'],
    ['INSERT INTO x SELECT 1', 'does not begin'],
    ['SELECT 1; SELECT 2', 'several statements'],
    ["SELECT '\\'; DROP TABLE x --'", 'several statements'],
    ['SELECT 1) q; DROP TABLE x', 'several statements'],
    ['SELECT 1) q DELETE FROM x SELECT * FROM (SELECT 1', 'parentheses'],
    ['SELECT (1', 'parentheses'],
  ])('refuses %j', (query, reason) => {
    expect(() => oneSelect(query, 'postgresql')).toThrow(reason);
  });

  it('knows what each engine takes for a text', () => {
    expect(oneSelect("SELECT 'it\\'s; )' # ; (", 'mariadb')).toBe("SELECT 'it\\'s; )' # ; (");
    expect(oneSelect('SELECT 5--(3)', 'mysql')).toBe('SELECT 5--(3)');
    expect(() => oneSelect("SELECT 'it\\'s; )'", 'sqlserver')).toThrow('several statements');
    expect(oneSelect('SELECT [a;)b] FROM t', 'sqlserver')).toBe('SELECT [a;)b] FROM t');
    expect(oneSelect("SELECT q'[it's; )]' FROM dual", 'oracle')).toBe("SELECT q'[it's; )]' FROM dual");
    expect(oneSelect("SELECT q'!it's; )!' FROM dual", 'oracle')).toBe("SELECT q'!it's; )!' FROM dual");
  });
});
