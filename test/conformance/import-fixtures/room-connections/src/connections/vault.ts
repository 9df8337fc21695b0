export { thing } from '../auth/users.ts';
