export { thing } from '../../../sandbox/process.ts';
