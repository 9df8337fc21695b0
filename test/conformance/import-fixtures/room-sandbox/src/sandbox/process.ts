export { thing } from '../store/store.ts';
