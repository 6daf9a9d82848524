import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import { UserError } from "../faults/userError.ts";

/** How a command is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMilliseconds?: number;
  /**
   * The command alone gets an interrupt or a time-out, as SIGINT. It is waited for, because it then saves what it has
   * done. It gets a second interrupt as well; one that comes at once counts as the same.
   */
  readonly savesOnInterrupt?: boolean;
  /** Ends the command as well when this process is killed. */
  readonly endsWithThisProcess?: boolean;
  /** Called with each line of standard output and standard error, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** What a command left behind. */
export interface RunResult {
  /** As a shell has it: 127 if the command could not be started, 124 if it timed out, 128 + n if signal n ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Thrown by {@link run} when a signal to this process ended the command. */
export class InterruptedError extends UserError {
  override readonly name = "InterruptedError";

  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}.`);
    this.signal = signal;
  }
}

/** What ends a command: Ctrl-C, a supervisor, a terminal that is closed. */
export const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const TIMED_OUT = 124;
const NOT_STARTED = 127;
const KILL_DELAY_MILLISECONDS = 3_000;
/** One Ctrl-C may come from the terminal and from npx, and a second one keeps Pulumi from saving its state. */
const SAME_INTERRUPT_MILLISECONDS = 1_000;

/**
 * Runs a command to its end; a non-zero exit code is a result, not an error. The command has a process group of its
 * own, so that a time-out or an interrupt also ends what the command has started (POSIX only).
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    let interruptedBy: NodeJS.Signals | undefined;
    const timers: NodeJS.Timeout[] = [];

    const kill = (): void => {
      signalGroup(child, "SIGKILL");
      // A process that has left the group may keep the streams open.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const stop = (signal: NodeJS.Signals): void => {
      if (options.savesOnInterrupt === true) {
        child.kill("SIGINT");
        return;
      }
      signalGroup(child, signal);
      timers.push(setTimeout(kill, KILL_DELAY_MILLISECONDS));
    };
    let interruptedAt = -Infinity;
    const onSignal = (signal: NodeJS.Signals): void => {
      const isSame = performance.now() - interruptedAt < SAME_INTERRUPT_MILLISECONDS;
      interruptedBy = signal;
      if (options.savesOnInterrupt !== true || !isSame) {
        interruptedAt = performance.now();
        stop(signal);
      }
    };
    const onExit = (): void => {
      if (options.savesOnInterrupt === true) child.kill("SIGINT");
      else signalGroup(child, "SIGKILL");
    };
    // Before the command begins, so that no signal comes in between and leaves it behind.
    SIGNALS.forEach((signal) => process.on(signal, onSignal));
    process.on("exit", onExit);
    const isAttached = options.endsWithThisProcess === true;
    const [program, ...programArgs] = isAttached ? attached([command, ...args]) : [command, ...args];
    const child = spawn(program, programArgs, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [isAttached ? "pipe" : "ignore", "pipe", "pipe"],
      detached: true,
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;

    if (options.timeoutMilliseconds !== undefined) {
      const expire = (): void => {
        timedOut = true;
        stop("SIGTERM");
      };
      timers.push(setTimeout(expire, options.timeoutMilliseconds));
    }
    const stdout = collect(child.stdout, options.onLine);
    const stderr = collect(child.stderr, options.onLine);

    const finish = (exitCode: number, reason = ""): void => {
      timers.forEach(clearTimeout);
      SIGNALS.forEach((signal) => process.off(signal, onSignal));
      process.off("exit", onExit);
      if (interruptedBy !== undefined) reject(new InterruptedError(interruptedBy));
      else resolve({ exitCode, stdout: stdout(), stderr: stderr() + reason });
    };
    child.on("error", (error) => finish(NOT_STARTED, error.message));
    child.on("close", (code, signal) => {
      if (timedOut)
        finish(TIMED_OUT, `\n${command} took longer than ${options.timeoutMilliseconds} ms and was stopped.`);
      else finish(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function collect(stream: Readable, onLine: RunOptions["onLine"]): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (onLine !== undefined) createInterface({ input: stream }).on("line", onLine);
  return () => Buffer.concat(chunks).toString("utf8");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended by itself.
  }
}

// The pipe on standard input closes when the process at its other end is gone, in whatever way.
const END_WITH_INPUT = `
exec 3<&0
"$@" 3<&- </dev/null & command=$!
( cat <&3; kill "$command" ) >/dev/null 2>&1 & watch=$!
wait "$command"; code=$?
kill "$watch"
exit "$code"`;

/** A command that ends with the process that starts it with a pipe as standard input, also where that one is killed. */
export function attached(command: readonly string[]): [string, ...string[]] {
  return ["sh", "-c", END_WITH_INPUT, "sh", ...command];
}
