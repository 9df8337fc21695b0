export { thing } from '../areas/scheduler/executor/shell.ts';
