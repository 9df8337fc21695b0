import { describe, expect, test } from 'vitest';
import { isSecretName, isSecretParameter } from './secret-names.ts';

describe('isSecretName', () => {
  test.each([
    ...['MYSQL_PWD', 'DB_PWD', 'DBPWD', 'pwd', 'SSH_KEY', 'SIGNING_KEY', 'STRIPE_KEY', 'sshKey', 'HOST_PRIVATEKEY'],
    ...['SENTRY_DSN', 'DSN', 'BEARER', 'USER_JWT', 'GITHUB_TOKEN', 'PGPASSWORD', 'AWS_ACCESS_KEY_ID', 'PUBLIC_API_KEY'],
    ...['Authorization', 'X-API-Key', 'x-functions-key', 'Ocp-Apim-Subscription-Key', 'Cookie'],
  ])('%s tells of a secret', (name) => {
    expect(isSecretName(name)).toBe(true);
    expect(isSecretParameter(name)).toBe(true);
  });

  test.each([
    ...['PWD', 'OLDPWD', 'PUBLIC_KEY', 'SSH_PUBLIC_KEY', 'primary_key', 'CACHE_KEY', 'partitionKey', 'sort-key'],
    ...['key_columns', 'KEYS', 'KEY', 'KEYBOARD', 'MONKEY', 'SSH_KEY_PATH', 'Idempotency-Key', 'JWT_ALGORITHM'],
    ...['sig', 'code', 'ZIP_CODE', 'PATH', 'DSN_HOST', 'Content-Type'],
  ])('%s does not', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('isSecretParameter', () => {
  test.each(['sig', 'SIG', 'signature', 'X-Amz-Signature', 'key', 'code', 'pwd', 'PWD'])(
    '%s tells of a secret',
    (name) => {
      expect(isSecretParameter(name)).toBe(true);
    },
  );

  test.each(['page', 'primary_key', 'country_code', 'keys', 'sort'])('%s does not', (name) => {
    expect(isSecretParameter(name)).toBe(false);
  });
});
