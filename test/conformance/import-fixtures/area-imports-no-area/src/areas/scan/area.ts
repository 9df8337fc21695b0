export { thing } from '../scheduler/dialect.ts';
