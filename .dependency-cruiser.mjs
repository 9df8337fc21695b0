// The import table of docs/architecture.md, enforced, cycles of types included. Each rule has a fixture of its name in
// test/conformance/import-fixtures/ that it must refuse.

/**
 * What each room may import of ours besides itself, by path below `src/`. Areas, `bin` and `cli` have no row: areas
 * have rules of their own, the other two may import everything.
 */
const ROOMS = {
  kernel: [],
  protocol: ['kernel/'],
  store: ['kernel/'],
  sandbox: ['kernel/', 'protocol/'],
  events: ['kernel/', 'protocol/', 'store/'],
  auth: ['kernel/', 'protocol/', 'store/'],
  connections: ['kernel/', 'protocol/', 'store/'],
  engine: ['kernel/', 'protocol/', 'store/', 'events/'],
  // Executors are handed in by bin: a new kind touches the wiring, not the worker.
  worker: ['kernel/', 'protocol/'],
  http: ['kernel/', 'protocol/', 'store/', 'auth/', 'events/', 'engine/'],
};

/** Tests, and fixtures that stand beside them, may reach across rooms. */
const TEST_CODE = '\\.(test|fixture)\\.tsx?$';

/** What an executor may use to reach other systems; the rest of `connections` reads the control plane's database. */
const CONNECTION_DRIVERS = '^src/connections/(drivers/|outbound\\.ts$)';

const inRoom = (path) => `^src/${path}`;

function forbid(name, comment, from, to) {
  const pathNot = [TEST_CODE, ...[from.pathNot ?? []].flat()];
  return { name, comment, severity: 'error', from: { ...from, pathNot }, to };
}

const roomRules = Object.entries(ROOMS).map(([room, allowed]) =>
  forbid(
    `room-${room}`,
    `src/${room} may import ${allowed.length === 0 ? 'no other room' : `of ours only ${allowed.join(', ')}`}.`,
    { path: inRoom(`${room}/`) },
    { path: '^src/', pathNot: [`${room}/`, ...allowed].map(inRoom) },
  ),
);

export default {
  forbidden: [
    ...roomRules,
    forbid(
      'area-imports-no-area',
      'Areas meet in the engine and in bin, never in each other.',
      { path: '^src/areas/([^/]+)/' },
      { path: inRoom('areas/'), pathNot: '^src/areas/$1/' },
    ),
    forbid(
      'area-below-wiring',
      "An area may import the rooms below it and http's contracts; not the assembly, nor what hosts it.",
      { path: inRoom('areas/') },
      { path: inRoom('(http/server\\.ts$|worker/|bin/|cli/)') },
    ),
    forbid(
      'executor-without-control-plane',
      'An executor also runs on a remote worker: it sees its spec and its context, no store, http, engine or area.',
      { path: '^src/areas/([^/]+)/executor/' },
      {
        path: '^src/',
        pathNot: ['^src/areas/$1/executor/', CONNECTION_DRIVERS, ...['kernel/', 'protocol/', 'sandbox/'].map(inRoom)],
      },
    ),
    forbid(
      'sandbox-on-workers',
      'Child processes of runs are started by executors; the command line may ask what is possible here.',
      { path: '^src/', pathNot: ['sandbox/', 'areas/[^/]+/executor/', 'bin/', 'cli/'].map(inRoom) },
      { path: inRoom('sandbox/') },
    ),
    forbid(
      'pg-in-store',
      'One owner of the connection pool; drivers dial databases that are not ours. The type of a connection may be named.',
      { path: '^src/', pathNot: [inRoom('store/'), CONNECTION_DRIVERS] },
      { path: 'node_modules/pg/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'fastify-in-http',
      'Use cases, engine and executors know no HTTP.',
      { path: '^src/', pathNot: [inRoom('http/'), '^src/areas/[^/]+/(area\\.ts|dialect\\.ts|routes/)'] },
      { path: 'node_modules/(fastify|@fastify/[^/]+)/' },
    ),
    forbid(
      'no-tests-in-product',
      'What is shipped imports no test and no test support.',
      { path: ['^src/', '^console/'] },
      { path: ['^test/', TEST_CODE] },
    ),
    forbid(
      'no-dev-dependency',
      'What is shipped runs after an install without development dependencies.',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    forbid('no-unresolved', 'An import that nothing answers.', {}, { couldNotResolve: true }),
    forbid('no-cycle', 'No cycles, not even of types.', {}, { circular: true }),
    forbid(
      'no-orphan',
      'A file that nothing imports and that imports nothing.',
      { orphan: true, pathNot: ['\\.d\\.ts$', '^src/bin/'] },
      {},
    ),
  ],
  options: {
    // Types too: a type import across a wall is a wall that stands wrong.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^console/(dist|node_modules)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.d.ts', '.mjs', '.js', '.json'],
    },
  },
};
