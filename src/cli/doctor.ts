import { Command } from 'commander';
import { diagnose } from './diagnosis.ts';
import { CliFailure } from './failure.ts';
import type { Finding } from './finding.ts';
import { withSession } from './session.ts';
import type { Output } from './terminal/output.ts';
import { printable } from './terminal/width.ts';

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function print(out: Output, findings: readonly Finding[]): void {
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { check, result, found, mend } of findings) {
    out.line(`${out.style(STYLES[result], result.padEnd(4))}  ${check.padEnd(width)}  ${printable(found)}`);
    if (mend !== null) out.line(`${' '.repeat(width + 8)}${mend}`);
  }
}

export function doctorCommand(): Command {
  return new Command('doctor').action(
    withSession(async (session) => {
      const findings = await diagnose(session.config());
      if (session.out.format === 'table') print(session.out, findings);
      else session.out.list(findings, []);
      const failed = findings.filter(({ result }) => result === 'fail').length;
      if (failed > 0) throw new CliFailure('failed', `${failed} of ${findings.length} checks failed.`);
    }),
  );
}
