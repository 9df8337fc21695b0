export { thing } from '../../test/support/clock.ts';
