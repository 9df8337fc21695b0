/** Draws docs/state-machine.md from the engine's list of transitions. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HELD, LIVE, RUN_STATES, type RunState, TERMINAL, TRANSITIONS } from '../src/engine/states.ts';

const includes = (states: readonly RunState[], state: RunState) => states.includes(state);

function arrows(): string[] {
  return TRANSITIONS.map(([from, to, why]) => `  ${from} --> ${to}: ${why}`);
}

function table(): string[] {
  return RUN_STATES.map((state) => {
    const next = TRANSITIONS.flatMap(([from, to]) => (from === state ? [`\`${to}\``] : []));
    const marks = [includes(HELD, state) && 'held by a worker', includes(TERMINAL, state) && 'final'];
    const kind = marks.find((mark) => mark !== false) || (includes(LIVE, state) ? 'waiting' : '');
    return `| \`${state}\` | ${kind} | ${next.join(', ') || '–'} |`;
  });
}

const text = `# The states of a run

Generated from \`src/engine/states.ts\` by \`npm run generate\`; change it there.

\`\`\`mermaid
stateDiagram-v2
  [*] --> scheduled: its time lies ahead
  [*] --> queued: due now
  [*] --> skipped: its overlap policy said so
${arrows().join('\n')}
${TERMINAL.map((state) => `  ${state} --> [*]`).join('\n')}
\`\`\`

| state | | may become |
| --- | --- | --- |
${table().join('\n')}

Every statement that changes a state names the states that it may come from; a worker's also names the session and the
epoch. Zero rows changed means that somebody else was first: the answer is stale and is discarded.
`;

await writeFile(path.resolve(import.meta.dirname, '../docs/state-machine.md'), text);
