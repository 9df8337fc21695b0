export { thing } from '../areas/scheduler/area.ts';
