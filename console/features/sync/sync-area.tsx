import { Outlet } from '@tanstack/react-router';
import { useSyncLive } from './sync-live.ts';

/** What all pages of data sync share: one connection over which they hear what happens. */
export function SyncArea() {
  useSyncLive();
  return <Outlet />;
}
