import { expect, it } from 'vitest';
import type { Answer } from '../../../../test/support/api-server.ts';
import { failure, startIntake } from '../../../../test/support/intake.ts';
import { eventually } from '../../../../test/support/serving.ts';
import { describeZstd, ZSTD_LINE, zstd } from '../executor/formats/zstd.fixture.ts';

/*
 * What is packed by zstd, pushed and uploaded, up to the rows that a worker makes of it.
 */

const { server, newSource, ended, rowsOf, countOf } = await startIntake();

async function pushStream(source: string, body: Buffer<ArrayBuffer>): Promise<Pick<Answer, 'status' | 'body'>> {
  const response = await fetch(`${server.url}/v1/sync/push/stream?source=${encodeURIComponent(source)}`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${server.adminToken}`,
      'Content-Type': 'application/x-ndjson',
      'Content-Encoding': 'zstd',
    },
    body,
  });
  return { status: response.status, body: await response.json() };
}

async function upload(name: string, content: Buffer<ArrayBuffer>, options: object) {
  const form = new FormData();
  form.set('file', new Blob([content]), name);
  form.set('options', JSON.stringify(options));
  const response = await fetch(`${server.url}/v1/sync/push/file`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${server.adminToken}` },
    body: form,
  });
  expect(response.status).toBe(202);
  const { file_id } = (await response.json()) as { file_id: string };
  return eventually(async () => {
    const { body } = await server.call('GET', `/v1/sync/files/${file_id}`);
    return body.status === 'processing' ? undefined : body;
  });
}

const line = (id: number) => `${JSON.stringify({ id: String(id), data: { name: `名 ${id} 🏮` } })}\n`;

describeZstd('POST /push/stream with Content-Encoding zstd', {
  there() {
    it('200 for all frames of it', async () => {
      const source = newSource();
      const answer = await pushStream(source, Buffer.concat([zstd(line(1) + line(2)), zstd(line(3))]));
      expect([answer.status, answer.body]).toMatchObject([200, { accepted: 3, rejected: 0 }]);
      await ended(answer.body.request_id);
      expect(await rowsOf(source)).toEqual([1, 2, 3].map((id) => ({ _id: String(id), name: `名 ${id} 🏮` })));
    });

    it('400 for data that breaks off, is broken or is a bomb; nothing is kept of it', async () => {
      const blobs = await countOf('longshore.blobs');
      const whole = zstd(line(1).repeat(1000));
      const bomb = zstd(Buffer.alloc(100 * 1024 * 1024, 'x'));
      for (const [body, reason] of [
        [whole.subarray(0, -3), 'zstd data is broken'],
        [Buffer.from(line(1)), 'zstd data is broken'],
        [bomb, '250 times its size'],
      ] as const) {
        const answer = await pushStream(newSource(), Buffer.from(body));
        expect([answer.status, answer.body]).toEqual([400, failure('VALIDATION_ERROR', 'body')]);
        expect(answer.body.error.details[0].message).toContain(reason);
      }
      expect(await countOf('longshore.blobs')).toBe(blobs);
    });
  },
  missing() {
    it('415 with what is needed', async () => {
      const answer = await pushStream(newSource(), Buffer.from(ZSTD_LINE));
      expect([answer.status, answer.body]).toEqual([415, failure('UNSUPPORTED_MEDIA_TYPE')]);
      expect(answer.body.error.message).toMatch(/zstd needs Node\.js 22\.15 .*gzip/);
    });
  },
});

describeZstd('POST /push/file of a file packed by zstd', {
  there() {
    it('202, and it is loaded', async () => {
      const source = newSource();
      const csv = 'id,name\n1,甲 🏮\n2,乙\n';
      expect(await upload('ports.csv.zst', zstd(csv), { source })).toMatchObject({
        ...{ status: 'completed', format: 'csv', records_count: 2 },
      });
      expect(await rowsOf(source, 'id AS _id, name')).toEqual([
        { _id: 1, name: '甲 🏮' },
        { _id: 2, name: '乙' },
      ]);
    });

    it('202 for a bomb, whose load fails and says so', async () => {
      const bomb = zstd(Buffer.alloc(100 * 1024 * 1024, 'x'));
      const file = await upload('bomb.ndjson.zst', bomb, { source: newSource() });
      expect(file).toMatchObject({ status: 'failed', error: expect.stringContaining('250 times its size') });
    });
  },
  missing() {
    it('202, and its load fails with what is needed', async () => {
      const file = await upload('line.ndjson.zst', Buffer.from(ZSTD_LINE), { source: newSource() });
      expect(file).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/zstd needs Node\.js 22\.15.*gzip/),
      });
    });
  },
});
