/** The descriptor on which the launcher says why it could not start the command; silence and end-of-file: it could. */
const REPORT_FD = 3;

/** What the launcher reports when there is no such program. */
export const NOT_FOUND = 'not found';

/**
 * The sh script that prepares its own process and then becomes the command, which it is given as positional parameters.
 * Only what a process must do to itself is done here: limits, and entering cgroups (so that nothing of the command ever
 * runs outside of them). The cgroups come last: one may count processes, and the preparation needs some.
 * @param prlimit the command that limits this process, without the process; empty for none
 */
export function launcherScript(cgroups: readonly string[], prlimit: readonly string[]): string {
  const lines = [`fail() { printf '%s' "$1" >&${REPORT_FD}; exit 127; }`];
  lines.push(`command -v "$1" > /dev/null 2>&1 || fail '${NOT_FOUND}'`);
  if (prlimit.length > 0) lines.push(`said=$(${prlimit.map(quote).join(' ')} --pid $$ 2>&1) || fail "$said"`);
  for (const dir of cgroups) {
    lines.push(`{ echo 0 > ${quote(`${dir}/cgroup.procs`)}; } 2> /dev/null || fail ${quote(`cannot enter ${dir}`)}`);
  }
  lines.push(`exec "$@" ${REPORT_FD}>&-`);
  return lines.join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
