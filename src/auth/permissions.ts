/** The six over which custom roles are made. */
export const NAMED_PERMISSIONS = ['view', 'create', 'update', 'delete', 'scheduler_view', 'scheduler_manage'] as const;

/**
 * What else an API key may be given: reading and writing the datasync area, and working (a worker registers, leases
 * and reports, and so sees the secrets of every run).
 */
const SCOPES = ['sync:read', 'sync:write', 'worker'] as const;

export const PERMISSIONS = [...NAMED_PERMISSIONS, ...SCOPES, 'admin'] as const;

export type NamedPermission = (typeof NAMED_PERMISSIONS)[number];
export type Permission = (typeof PERMISSIONS)[number];

/** Whoever has all of `holding` also has `implies`. */
const IMPLICATIONS: readonly { readonly holding: readonly Permission[]; readonly implies: readonly Permission[] }[] = [
  { holding: ['admin'], implies: PERMISSIONS },
  { holding: ['view'], implies: ['sync:read'] },
  { holding: ['create', 'update'], implies: ['sync:write'] },
];

export const BUILT_IN_ROLES: ReadonlyMap<string, readonly Permission[]> = new Map([
  ['admin', ['admin']],
  ['operator', ['view', 'scheduler_view', 'scheduler_manage', 'create', 'update']],
  ['user', ['view', 'scheduler_view']],
]);

export function isPermission(text: string): text is Permission {
  return PERMISSIONS.some((permission) => permission === text);
}

/** All that `granted` amounts to. Unknown names amount to nothing: what a later version granted is denied here. */
export function effectivePermissions(granted: Iterable<string>): ReadonlySet<Permission> {
  const effective = new Set<Permission>([...granted].filter(isPermission));
  for (const { holding, implies } of IMPLICATIONS) {
    if (holding.every((permission) => effective.has(permission))) for (const one of implies) effective.add(one);
  }
  return effective;
}

/**
 * What a user of `role` may do.
 * @param custom the permissions of a role that is no built-in one, else null
 */
export function rolePermissions(role: string, custom: readonly string[] | null): ReadonlySet<Permission> {
  return effectivePermissions(custom ?? BUILT_IN_ROLES.get(role) ?? []);
}

export function intersect(a: ReadonlySet<Permission>, b: ReadonlySet<Permission>): ReadonlySet<Permission> {
  return new Set([...a].filter((permission) => b.has(permission)));
}
