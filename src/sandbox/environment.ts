import { environment } from '../kernel/config.ts';

/** What a child sees of ours: where programs, files and the user are, and how texts and times are written. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_[A-Z]+|TZ|TMPDIR|USER|LOGNAME|SHELL)$/;

/** The environment of a child: an allow-list of this process's, and `own` over it. Nothing else of ours, no secret. */
export function childEnvironment(
  own: Readonly<Record<string, string>>,
  ours: NodeJS.ProcessEnv = environment(),
): Record<string, string> {
  const passedOn: Record<string, string> = {};
  for (const [name, value] of Object.entries(ours)) {
    if (value !== undefined && PASSED_ON.test(name)) passedOn[name] = value;
  }
  return { ...passedOn, ...own };
}
