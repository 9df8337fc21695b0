export { thing } from '../http/server.ts';
