import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What `python3` on this machine says it is, such as `Python 3.11.2`; undefined when there is none that runs. */
export async function pythonVersion(): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)('python3', ['--version'], { timeout: 10_000 });
    return (stdout || stderr).trim();
  } catch {
    return undefined;
  }
}
