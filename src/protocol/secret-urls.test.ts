import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasMaskedSecret, maskUrl, secretsOfUrl } from './secret-urls.ts';

describe('maskUrl', () => {
  test.each([
    ['https://me:hunter2@example.com/x', 'https://me:***@example.com/x'],
    ['https:///me:hunter2@example.com', 'https://me:***@example.com/'],
    ['https:/me:hunter2@example.com', 'https://me:***@example.com/'],
    ['https://hunter2@example.com/', 'https://***@example.com/'],
    ['https://:hunter2@example.com/', 'https://:***@example.com/'],
    ['https://example.com/?api_key=hunter2&page=2', 'https://example.com/?api_key=***&page=2'],
    ['https://example.com/?page=2&api%5Fkey=hunter2', 'https://example.com/?page=2&api%5Fkey=***'],
    ['https://example.com/#access_token=hunter2', 'https://example.com/#access_token=***'],
    [
      'https://a.blob.core.windows.net/b/c.csv?sv=2024-11-04&sig=h%2Bu',
      'https://a.blob.core.windows.net/b/c.csv?sv=2024-11-04&sig=***',
    ],
    ['https://a.azurewebsites.net/api/f?code=hunter2', 'https://a.azurewebsites.net/api/f?code=***'],
    [
      'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2',
      'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=***',
    ],
    [
      'https://oapi.dingtalk.com/robot/send?access_token=hunter2',
      'https://oapi.dingtalk.com/robot/send?access_token=***',
    ],
    ['https://hooks.slack.com/services/T0/B0/hunter2', 'https://hooks.slack.com/services/T0/B0/***'],
    [
      'https://discord.com/api/webhooks/42/hunter2/slack?wait=true',
      'https://discord.com/api/webhooks/42/***/slack?wait=true',
    ],
    [
      'https://canary.discordapp.com/api/v10/webhooks/42/hunter2',
      'https://canary.discordapp.com/api/v10/webhooks/42/***',
    ],
    [
      'https://me.webhook.office.com/webhookb2/a@b/IncomingWebhook/hunter2/c',
      'https://me.webhook.office.com/webhookb2/***',
    ],
    ['https://open.feishu.cn/open-apis/bot/v2/hook/hunter2', 'https://open.feishu.cn/open-apis/bot/v2/hook/***'],
    ['https://api.telegram.org/bot42:hunter2/sendMessage', 'https://api.telegram.org/bot***/sendMessage'],
    ['postgres://me:hunter2@db/app?sslmode=require', 'postgres://me:***@db/app?sslmode=require'],
    ['postgres://me:hunter2@a:5432,b:5432/app?password=hunter2', 'postgres://***@a:5432,b:5432/app?password=***'],
    ['postgres://me:hun#ter2@db/app', 'postgres://***@db/app'],
    ['jdbc:postgresql://db/app?user=me&password=hunter2', 'jdbc:postgresql://db/app?user=me&password=***'],
  ])('hides the secret of %s', (text, shown) => {
    expect(maskUrl(text)).toBe(shown);
    expect(hasMaskedSecret(text)).toBe(false);
  });

  test.each([
    'https://example.com/a b?q=%20&x',
    'HTTPS://EXAMPLE.com',
    'ssh://git@example.com/repository',
    'https://example.com/services/T0/B0/x?country_code=de&keys=1',
    'https://discord.com/api/v10/channels/42/messages',
    'https://hooks.slack.com/services/xxx',
    'https://hooks.slack.com.example.com/services/T0/B0/x',
    'true',
    'a:b',
    '12:30',
    'me@example.com',
    'text/html; q=0.5',
    '',
  ])('leaves %j as it is', (text) => {
    expect(maskUrl(text)).toBe(text);
    expect(secretsOfUrl(text)).toEqual([]);
  });

  test('shows no password, whatever it is made of, and finds it in the form it has', () => {
    const password = fc.string({ minLength: 12, unit: 'grapheme' }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(password, (text) => {
        const url = `https://me:${encodeURIComponent(text)}@example.com/`;
        expect(maskUrl(url)).toBe('https://me:***@example.com/');
        expect(secretsOfUrl(url)).toContain(text);
      }),
    );
  });
});

describe('secretsOfUrl', () => {
  test('names a password as it stands there, decoded, and as a header carries it', () => {
    const basic = Buffer.from('me:hunt/r2').toString('base64');
    expect(secretsOfUrl('https://me:hunt%2Fr2@example.com')).toEqual(['hunt%2Fr2', 'hunt/r2', basic]);
  });

  test('names the secret path of a webhook whole, and its last part, which a server may answer', () => {
    expect(secretsOfUrl('https://me.webhook.office.com/webhookb2/a@b/IncomingWebhook/hunter2/c3po')).toEqual(
      expect.arrayContaining(['a@b/IncomingWebhook/hunter2/c3po', 'c3po']),
    );
  });
});

describe('hasMaskedSecret', () => {
  test('knows what was answered, sent back with another path', () => {
    expect(hasMaskedSecret('https://me:***@example.com/other')).toBe(true);
    expect(hasMaskedSecret('https://example.com/other?token=***')).toBe(true);
    expect(hasMaskedSecret('postgres://***@a:5432,b:5432/app')).toBe(true);
    expect(hasMaskedSecret('https://hooks.slack.com/services/T0/B0/***')).toBe(true);
    expect(hasMaskedSecret('https://example.com/***')).toBe(false);
  });
});
