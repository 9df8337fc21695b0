import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatRelative } from './format.ts';

test.each([
  [0, '0ms'],
  [0.0354, '35ms'],
  [4.23, '4.2s'],
  [59.4, '59s'],
  [59.6, '1m'],
  [61, '1m 1s'],
  [3600, '1h'],
  [3725, '1h 2m'],
  [90_000, '1d 1h'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds, 'en')).toBe(text);
});

test.each([
  [0, 'now'],
  [-3_000, '3 seconds ago'],
  [-119_000, '1 minute ago'],
  [7_200_000, 'in 2 hours'],
  [-86_400_000, 'yesterday'],
])('%d ms from now is %s', (offset, text) => {
  const now = Date.UTC(2024, 0, 1);
  expect(formatRelative(now + offset, now, 'en')).toBe(text);
});

test('durations and distances are said in Chinese too', () => {
  expect(formatDuration(61, 'zh-CN')).toBe('1分钟 1秒');
  expect(formatRelative(-3000, 0, 'zh-CN')).toBe('3秒钟前');
});

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1500, '1.5 kB'],
  [104_857_600, '104.9 MB'],
  [2e15, '2,000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes, 'en')).toBe(text);
});
