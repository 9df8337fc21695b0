import path from 'node:path';
import { noMariadb, TemporaryMariadb } from '../../test/support/temporary-mariadb.ts';
import type { Figure, Skipped } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { copyCsv, execute, psqlCopy } from './floor.ts';
import type { Inputs } from './input.ts';
import { peers } from './peers.ts';
import type { Product } from './product.ts';

const MEMORY_MB = 300;
const PART_OF_COPY = 0.5;
/** Rows of a page of the REST service. */
export const PAGE = 1000;

/** What all measurements share. */
export interface Stage {
  readonly product: Product;
  readonly inputs: Inputs;
  readonly rows: number;
  readonly restRows: number;
  readonly rounds: number;
  /** Where the files and pages are given away. */
  readonly sourceUrl: string;
  /** A database beside the product's own, on the same server. */
  readonly target: { readonly url: string; readonly login: object };
  /** A Python with dlt; undefined = none was named. */
  readonly python: string | undefined;
  /** Sling's binary; undefined = none was named. */
  readonly sling: string | undefined;
  say(text: string): void;
  add(figure: Figure): void;
  skip(skipped: Skipped): void;
}

/** Rows a second of COPY into a bare table: what all else stands beside. */
export async function measure(stage: Stage): Promise<void> {
  const copies: number[] = [];
  const psql: number[] = [];
  const { target, inputs, rows } = stage;
  for (let round = 0; round < stage.rounds; round += 1) {
    copies.push(await copyCsv(target.url, inputs.csv));
    const seconds = await psqlCopy(target.url, inputs.csv);
    if (seconds !== undefined) psql.push(seconds);
  }
  const floor = rows / median(copies);
  const figure = (what: string, value: number, beside = ''): Figure => ({
    ...{ measurement: 'sync', what, value, unit: 'rows/s' },
    ...(beside === '' ? {} : { beside }),
  });
  stage.add(figure('COPY of the csv into a bare table, our client', floor));
  if (psql.length > 0) stage.add(figure('the same, psql \\copy', rows / median(psql)));
  /** @param targeted whether it is to reach its part of the floor */
  const tell = (what: string, rate: number, targeted = false) => {
    const text = `≥ ${PART_OF_COPY} × COPY`;
    const target = targeted ? { target: { text, met: rate >= PART_OF_COPY * floor } } : {};
    stage.add({ ...figure(what, rate, `${(rate / floor).toFixed(2)} × COPY`), ...target });
  };
  await files(stage, tell);
  await rest(stage, tell);
  await push(stage, tell);
  await toMariadb(stage, tell);
  const peak = await stage.product.peakWorkerMb();
  const met = peak <= MEMORY_MB;
  const memory = { what: 'most memory of the worker (RSS)', value: peak, unit: 'MB' } as const;
  stage.add({ measurement: 'sync', ...memory, target: { text: `≤ ${MEMORY_MB} MB`, met } });
  await peers(stage, tell);
}

type Tell = (what: string, rate: number, targeted?: boolean) => void;

function toTable(stage: Stage, table: string, mode: string): object {
  const key = mode === 'upsert' ? { key_columns: ['id'] } : {};
  return { type: 'database', connection: stage.target.login, schema: 'public', table, mode, ...key };
}

/** @returns seconds of each round: into an empty table, and again into the full one */
async function rounds(stage: Stage, name: string, job: object, rows: number, reset: () => Promise<void>) {
  const empty: number[] = [];
  const full: number[] = [];
  for (let round = 0; round < stage.rounds; round += 1) {
    stage.say(`${name}: round ${round + 1}`);
    await reset();
    const id = await stage.product.createJob({ name: `${name} ${round}`, ...job });
    empty.push(await stage.product.run(id, rows));
    full.push(await stage.product.run(id, rows));
  }
  return { empty: rows / median(empty), full: rows / median(full) };
}

async function files(stage: Stage, tell: Tell): Promise<void> {
  for (const format of ['csv', 'ndjson'] as const) {
    for (const mode of ['append', 'upsert']) {
      const table = `${format}_${mode}`;
      const config = { url: `${stage.sourceUrl}/${path.basename(stage.inputs[format])}`, format };
      const job = { connector: { type: 'file', config }, destination: toTable(stage, table, mode) };
      const drop = () => execute(stage.target.url, `DROP TABLE IF EXISTS public.${table}`);
      const { empty, full } = await rounds(stage, table, job, stage.rows, drop);
      tell(`${format}, ${mode} into an empty table`, empty, format === 'csv' && mode === 'upsert');
      if (mode === 'upsert') tell(`${format}, upsert again, all rows the same`, full);
    }
  }
}

async function rest(stage: Stage, tell: Tell): Promise<void> {
  const { restRows, sourceUrl } = stage;
  const startedAt = performance.now();
  for (let page = 1; page <= Math.ceil(restRows / PAGE) + 1; page += 1) {
    await (await fetch(`${sourceUrl}/rows?page=${page}&limit=${PAGE}`)).arrayBuffer();
  }
  tell('pages of REST, read alone', restRows / ((performance.now() - startedAt) / 1000));
  const pagination = { type: 'page', page_param: 'page', limit_param: 'limit', limit: PAGE };
  const config = { base_url: sourceUrl, endpoints: [{ path: '/rows', record_path: '/items', pagination }] };
  const job = { connector: { type: 'rest_api', config }, destination: toTable(stage, 'rest', 'upsert') };
  const drop = () => execute(stage.target.url, 'DROP TABLE IF EXISTS public.rest');
  const { empty, full } = await rounds(stage, 'rest', job, restRows, drop);
  tell('REST, upsert into an empty table', empty, true);
  tell('REST, upsert again, all rows the same', full);
}

async function push(stage: Stage, tell: Tell): Promise<void> {
  const answered: number[] = [];
  const loaded: number[] = [];
  for (let round = 0; round < stage.rounds; round += 1) {
    stage.say(`push: round ${round + 1}`);
    const seconds = await stage.product.push(stage.inputs.push, `pushed_${round}`, stage.rows);
    answered.push(seconds.answered);
    loaded.push(seconds.loaded);
  }
  tell('NDJSON push, durable', stage.rows / median(answered), true);
  tell('NDJSON push, loaded into its dataset', stage.rows / median(loaded));
}

async function toMariadb(stage: Stage, tell: Tell): Promise<void> {
  if (noMariadb !== undefined) {
    stage.skip({ measurement: 'PostgreSQL to MariaDB', reason: noMariadb });
    return;
  }
  const mariadb = await TemporaryMariadb.create();
  try {
    const connection = { ...mariadb.login, database: await mariadb.createDatabase() };
    const config = { ...stage.target.login, schema: 'public', table: 'csv_upsert' };
    const job = {
      connector: { type: 'database', config },
      destination: { type: 'database', connection, table: 'rows', mode: 'upsert', key_columns: ['id'] },
    };
    const { empty, full } = await rounds({ ...stage, rounds: 1 }, 'mariadb', job, stage.rows, async () => {});
    tell('PostgreSQL to MariaDB, upsert into an empty table', empty);
    tell('PostgreSQL to MariaDB, again, all rows the same', full);
  } finally {
    await mariadb.remove();
  }
}
