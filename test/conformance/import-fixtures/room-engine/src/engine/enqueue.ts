export { thing } from '../areas/scheduler/dialect.ts';
