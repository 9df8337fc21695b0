export { thing } from './missing.ts';
