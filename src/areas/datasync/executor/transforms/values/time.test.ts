import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTime, TimeFormat } from './time.ts';
import { UTC, type Zone, zoneOf } from './zone.ts';

function zone(name: string): Zone {
  const found = zoneOf(name);
  if (!found) throw new Error(`no zone ${name}`);
  return found;
}
const iso = (date: Date | undefined) => date?.toISOString();

describe('times in texts', () => {
  test.each([
    ['2024-01-31', '2024-01-31T00:00:00.000Z'],
    ['2024-01-31T08:05', '2024-01-31T08:05:00.000Z'],
    ['2024-01-31 08:05:06.1234567', '2024-01-31T08:05:06.123Z'],
    ['2024-01-31T08:05:06+08:00', '2024-01-31T00:05:06.000Z'],
    ['2024-01-31T08:05:06-0330', '2024-01-31T11:35:06.000Z'],
    ['2024-01-31 08:05:06 +08', '2024-01-31T00:05:06.000Z'],
    ['0050-01-01', '0050-01-01T00:00:00.000Z'],
    ['2024-02-29t00:00:00z', '2024-02-29T00:00:00.000Z'],
  ])('%s', (text, wanted) => {
    expect(iso(parseTime(text, UTC))).toBe(wanted);
  });

  test.each([
    '',
    '2024',
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-01-01T24:00',
    '2024-01-01T10:60',
    'soon',
    '20240101',
    '2024-1-1',
  ])('%j is none', (text) => {
    expect(parseTime(text, UTC)).toBeUndefined();
  });
});

describe('zones', () => {
  test.each([
    ['Asia/Shanghai', '2024-07-01 08:00', '2024-07-01T00:00:00.000Z'],
    ['-03:30', '2024-07-01 08:00', '2024-07-01T11:30:00.000Z'],
    ['America/New_York', '2024-07-01 08:00', '2024-07-01T12:00:00.000Z'],
    ['America/New_York', '2024-01-01 08:00', '2024-01-01T13:00:00.000Z'],
    // 02:30 is skipped in spring, and comes twice in autumn.
    ['America/New_York', '2024-03-10 02:30', '2024-03-10T07:30:00.000Z'],
    ['America/New_York', '2024-11-03 01:30', '2024-11-03T05:30:00.000Z'],
    ['Asia/Kathmandu', '2024-01-01 05:45', '2024-01-01T00:00:00.000Z'],
  ])('in %s it is %s at %s', (name, text, wanted) => {
    expect(iso(parseTime(text, zone(name)))).toBe(wanted);
  });

  test('there is no other', () => {
    for (const name of ['Mars/Base', '', '+19:00', 'local']) expect(zoneOf(name)).toBeUndefined();
  });
});

describe('time formats', () => {
  test.each([
    ['%d/%m/%Y', '31/1/2024', '2024-01-31T00:00:00.000Z'],
    ['%d %b %Y %I:%M %p', '31 Jan 2024 12:05 am', '2024-01-31T00:05:00.000Z'],
    ['%B %d, %Y', 'february 29, 2024', '2024-02-29T00:00:00.000Z'],
    ['%y%m%d', '690101', '1969-01-01T00:00:00.000Z'],
    ['%y%m%d', '680101', '2068-01-01T00:00:00.000Z'],
    ['%Y年%m月%d日', '2024年01月31日', '2024-01-31T00:00:00.000Z'],
    ['%Y-%m-%dT%H:%M:%S.%f%z', '2024-01-31T08:00:00.5+0800', '2024-01-31T00:00:00.500Z'],
    ['%d.%m.%Y (%H%%)', '01.02.2024 (10%)', '2024-02-01T10:00:00.000Z'],
  ])('%s reads %s', (format, text, wanted) => {
    expect(iso(new TimeFormat(format).parse(text, UTC))).toBe(wanted);
  });

  test.each([
    ['%d/%m/%Y', '31/02/2024'],
    ['%d/%m/%Y', '2024-01-31'],
    ['%d.%m', '1x2'],
    ['%d %b %Y', '1 Foo 2024'],
    ['%I:%M %p', '13:00 pm'],
  ])('%s does not read %s', (format, text) => {
    expect(new TimeFormat(format).parse(text, UTC)).toBeUndefined();
  });

  test('reads what it has written, in any zone', () => {
    const format = new TimeFormat('%Y-%m-%d %H:%M:%S.%f %z');
    const zones = ['UTC', 'Asia/Shanghai', 'America/New_York', 'Europe/London', '+05:45'].map(zone);
    const instant = fc.date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), (time, place) => {
        expect(iso(format.parse(format.format(time, place), UTC))).toBe(time.toISOString());
      }),
    );
  });

  test.each([
    ['%Q', '%Q is not known'],
    ['%Y-%Y', 'only once'],
    ['%', 'is not known'],
    ['x'.repeat(101), 'at most 100 characters'],
  ])('%s is refused', (format, message) => {
    expect(() => new TimeFormat(format)).toThrow(message);
  });
});
