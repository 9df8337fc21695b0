import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { DeadMan, type EndScript } from './dead-man.ts';
import { isAlive, startRun, type TestRun, untilGone } from './sandbox.fixture.ts';
import { Sandbox } from './sandbox.ts';

describe.each(['cgroup', 'marker'] as const)("a dead man's switch over runs tracked by %s", (tracking) => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  async function createSandbox(context: TestContext): Promise<{ sandbox: Sandbox; endScript: EndScript }> {
    const sandbox = await Sandbox.create({ tracking }).catch((error: Error) => context.skip(error.message));
    open.push(sandbox);
    if (!sandbox.endScript) throw new Error('nothing can end its runs from outside');
    return { sandbox, endScript: sandbox.endScript };
  }

  function createDeadMan(endScript: EndScript): DeadMan {
    const deadMan = new DeadMan(endScript);
    open.push(deadMan);
    return deadMan;
  }

  /** Two processes that do not end by themselves, one of them a daemon. */
  async function startStubborn(sandbox: Sandbox): Promise<TestRun> {
    const run = startRun(sandbox, 'eval "$DAEMON"; eval "$STUBBORN"', { limits: { processes: 50 } });
    await run.until(() => run.pids().length === 2);
    return run;
  }

  it('ends them when its time is over, and new ones may begin', async (context) => {
    const { sandbox, endScript } = await createSandbox(context);
    const deadMan = createDeadMan(endScript);
    for (let round = 0; round < 2; round += 1) {
      const run = await startStubborn(sandbox);
      deadMan.arm(0.1);
      await untilGone(run.pids());
      expect(await run.ended).toEqual({ exitCode: null, exitSignal: 'SIGKILL' });
    }
  });

  it('leaves them alone when it is armed anew, or dismissed', async (context) => {
    const { sandbox, endScript } = await createSandbox(context);
    const run = await startStubborn(sandbox);
    const [armed, dismissed] = [createDeadMan(endScript), createDeadMan(endScript)];
    // Not so short that it is over before a busy machine has armed it anew, or dismissed it.
    armed.arm(1);
    armed.arm(1000);
    dismissed.arm(1);
    await dismissed.close();
    // Another one tells when their time would have been over.
    const other = await createSandbox(context);
    const clock = await startStubborn(other.sandbox);
    createDeadMan(other.endScript).arm(1.4);
    await untilGone(clock.pids());
    expect(run.pids().filter(isAlive)).toEqual(run.pids());
  });
});
